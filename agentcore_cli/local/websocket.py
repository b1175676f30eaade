"""The server's side of a WebSocket: uvicorn's, with the service's limits, and telling of pings.

This module imports the library, so it is imported when the first caller wants a WebSocket and not before.
"""

from __future__ import annotations

from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from agentcore_cli.contract import FRAME_MAX, PAYLOAD_MAX

ALIVE: Final = "agentcore.alive"  # what `receive` gives for a ping or a pong of the caller


class WebSocket(WebSocketsSansIOProtocol):
    """Frames are 64 KB at most (close code 1009); a caller's ping or pong is an event like a message."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn.max_message_size, self.conn.max_fragment_size = PAYLOAD_MAX, FRAME_MAX

    def handle_ping(self) -> None:
        super().handle_ping()
        self._tell()

    def handle_pong(self, event: Frame) -> None:
        super().handle_pong(event)
        self._tell()

    def _tell(self) -> None:
        self.queue.put_nowait({"type": ALIVE})  # type: ignore[misc, arg-type]  # ours, and not ASGI's
