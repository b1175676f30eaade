"""The server's side of a WebSocket: uvicorn's, with the service's limits, and telling of pings.

This module imports the library, so it is imported when the first caller wants a WebSocket and not before.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame
from websockets.http11 import Request

from agentcore_cli.contract import FRAME_MAX, PAYLOAD_MAX
from agentcore_cli.local.wire import ServiceFault, fault_response

ALIVE: Final = "agentcore.alive"  # what `receive` gives for a ping or a pong of the caller


class WebSocket(WebSocketsSansIOProtocol):
    """Frames are 64 KB at most (close code 1009); a caller's ping or pong is an event like a message."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn.max_message_size, self.conn.max_fragment_size = PAYLOAD_MAX, FRAME_MAX

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.app_state["lost"]()

    def handle_connect(self, event: Request) -> None:
        """A handshake that is none is refused in the service's shape."""
        refused = self.conn.accept(event)
        if refused.status_code == 101:
            super().handle_connect(event)
            return
        message = refused.body.decode(errors="replace").partition("\n")[0]
        _, headers, body = fault_response(ServiceFault.validation(message), str(uuid.uuid4()))
        refused.headers = Headers([*headers, ("content-length", str(len(body))), ("connection", "close")])
        refused.body = body
        self.handshake_initiated = self.handshake_complete = self.close_sent = True
        self.conn.send_response(refused)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.transport.close()

    def handle_ping(self) -> None:
        super().handle_ping()
        self._tell()

    def handle_pong(self, event: Frame) -> None:
        super().handle_pong(event)
        self._tell()

    def _tell(self) -> None:
        self.queue.put_nowait({"type": ALIVE})  # type: ignore[misc, arg-type]  # ours, and not ASGI's
