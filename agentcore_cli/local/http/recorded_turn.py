"""What was said in one call, for those who look at a session: the payload and the answer as they went by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from agentcore_cli.local.http.proxy import Receive, Send

KEPT_MAX: Final = 65_536  # bytes of a payload, and of an answer


@dataclass(slots=True, eq=False)
class _Kept:
    """The first bytes of what passes, and how many there were."""

    data: bytearray = field(default_factory=bytearray)
    size: int = 0

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        self.data += piece[: KEPT_MAX - len(self.data)]

    def forget(self) -> None:
        self.data = bytearray()


@dataclass(slots=True, weakref_slot=True, eq=False)
class RecordedTurn:
    """`at` is when it came, in seconds since the epoch; `status` is 0 until it is answered."""

    at: float
    request_id: str
    trace_id: str = ""
    status: int = 0
    content_type: str = ""
    payload: _Kept = field(default_factory=_Kept)
    answer: _Kept = field(default_factory=_Kept)

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return len(self.payload.data) + len(self.answer.data)

    def forget(self) -> None:
        """Hold nothing of what was said any more, only that it was."""
        self.payload.forget()
        self.answer.forget()

    def hearing(self, receive: Receive) -> Receive:
        """`receive`, overheard."""

        async def heard() -> dict[str, Any]:
            message = await receive()
            self.payload.take(message.get("body", b""))
            return message

        return heard

    def telling(self, send: Send) -> Send:
        """`send`, overheard."""

        async def told(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.content_type = dict(message["headers"]).get(b"content-type", b"").decode("latin-1")
            self.answer.take(message.get("body", b""))
            await send(message)

        return told
