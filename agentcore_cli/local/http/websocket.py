"""The server's side of a WebSocket: uvicorn's, with the service's limits, and telling of pings.

This module imports the library, so it is imported when the first caller wants a WebSocket and not before.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response

from agentcore_cli.contract import FRAME_MAX, PAYLOAD_MAX
from agentcore_cli.local.http.frames import FrameLimits, pieces
from agentcore_cli.local.http.wire import ServiceFault, fault_response

ALIVE: Final = "agentcore.alive"  # what `receive` gives for a ping or a pong of the caller
FLOODED: Final = "agentcore.flooded"  # what it gives for one frame too many; `reason` says of what
_PASSED_OVER: Final = 65_536  # bytes behind a flood in which a close is still looked for


class WebSocket(WebSocketsSansIOProtocol):
    """Frames are 64 KB at most (close code 1009); a caller's ping or pong is an event like a message.

    Nothing more is read while an event waits to be taken, and no more than one pong waits for a caller that reads none.
    What comes before the handshake is answered waits for that (RFC 6455, section 4.1): until then it is a stranger's.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn.max_message_size, self.conn.max_fragment_size = PAYLOAD_MAX, FRAME_MAX
        self._limits = FrameLimits(self.loop.time)
        self._behind: int | None = None  # bytes since a flood
        self._early = b""
        self._pong = b""

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated and not self.handshake_complete:
            self._early += data
            if len(self._early) > FRAME_MAX:
                self.transport.abort()
            return
        for piece in pieces(data):
            if self._behind is not None:
                self._behind += len(piece)
                if self._behind > _PASSED_OVER:
                    return
            super().data_received(piece)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self._refuse("The handshake of a WebSocket can't be read: it is not one, or has a body")

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self._early and self.handshake_complete and not self.transport.is_closing():
            early, self._early = self._early, b""
            self.data_received(early)

    def handle_events(self) -> None:
        for event in self.conn.events_received():
            if isinstance(event, Request):
                self.handle_connect(event)
            elif isinstance(event, Frame):
                if event.opcode is Opcode.CLOSE:
                    self.handle_close(event)
                elif self._behind is None:
                    self._take(event)

    def resume_writing(self) -> None:
        if self._pong:
            self.transport.write(self._pong)
            self._pong = b""
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.app_state["lost"]()

    def handle_connect(self, event: Request) -> None:
        """A handshake that is none is refused in the service's shape."""
        refused = self.conn.accept(event)
        if refused.status_code == 101:
            super().handle_connect(event)
            return
        self._refuse(refused.body.decode(errors="replace").partition("\n")[0])

    def _refuse(self, message: str) -> None:
        status, headers, body = fault_response(ServiceFault.validation(message), str(uuid.uuid4()))
        said = [*headers, ("content-length", str(len(body))), ("connection", "close")]
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.transport.write(Response(status, "Bad Request", Headers(said), body).serialize())
        self.transport.close()

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self._pong = (self.conn.data_to_send() or [self._pong])[-1]
        self._tell()

    def handle_pong(self, event: Frame) -> None:
        super().handle_pong(event)
        self._tell()

    def _tell(self) -> None:
        if self.close_sent:
            return  # nobody takes it any more, and the caller's own close is still to be read
        self._put({"type": ALIVE})
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def _take(self, frame: Frame) -> None:
        if reason := self._limits.excess(frame):
            self._behind, self.frames = 0, []
            self._put({"type": FLOODED, "reason": reason})
        elif frame.opcode is Opcode.CONT:
            self.handle_cont(frame)
        elif frame.opcode is Opcode.TEXT:
            self.handle_text(frame)
        elif frame.opcode is Opcode.BINARY:
            self.handle_bytes(frame)
        elif frame.opcode is Opcode.PING:
            self.handle_ping()
        else:
            self.handle_pong(frame)

    def _put(self, event: dict[str, str]) -> None:
        self.queue.put_nowait(event)  # type: ignore[arg-type]  # ours, and not ASGI's
