"""What was said in one call, for those who look at a session: the payload and the answer as they went by."""

from __future__ import annotations

from typing import Any, Final

from agentcore_cli.local.http.proxy import Receive, Send

KEPT_MAX: Final = 65_536  # bytes of a payload, and of an answer


class _Kept:
    """The first bytes of what passes, and how many there were."""

    __slots__ = ("data", "size")

    def __init__(self) -> None:
        self.data = bytearray()
        self.size = 0

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        self.data += piece[: KEPT_MAX - len(self.data)]

    def forget(self) -> None:
        self.data = bytearray()


class RecordedTurn:
    """`at` is when it came, in seconds since the epoch; `status` is 0 until it is answered."""

    __slots__ = ("__weakref__", "answer", "at", "content_type", "payload", "request_id", "status", "trace_id")

    def __init__(self, at: float, request_id: str) -> None:
        self.at = at
        self.request_id = request_id
        self.trace_id = ""
        self.status = 0
        self.content_type = ""
        self.payload = _Kept()
        self.answer = _Kept()

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
