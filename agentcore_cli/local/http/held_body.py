"""A request's body that has to be known whole before anybody acts on it: in memory while it is small, then on disk."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Awaitable, Callable
from typing import IO, Any, Final

MEMORY_MAX: Final = 262_144  # bytes
_PIECE: Final = 262_144  # bytes

Message = dict[str, Any]


class HeldBody:
    """What ASGI gave of a body, to be given once more. The file on disk has no name; `close` ends it."""

    def __init__(self, receive: Callable[[], Awaitable[Message]]) -> None:
        self._receive = receive
        self._first: Message | None = None
        self._file: IO[bytes] | None = None
        self._given = False

    async def read(self, limit: int, folder: str) -> tuple[int, str] | None:
        """Read all of it: its length and its SHA-256 in hex digits; None when the caller has gone.

        Stops behind `limit` bytes; the length is larger then, and the hash is not of the whole.
        """
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._first = message
            body = message.get("body", b"")
            return len(body), hashlib.sha256(body).hexdigest()
        return await self._spool(message, limit, folder)

    async def receive(self) -> Message:
        """The body again, as ASGI's `receive` gives it; behind its end, what comes then."""
        if self._first is not None:
            message, self._first = self._first, None
            return message
        if self._file is None or self._given:
            return await self._receive()
        piece = self._file.read(_PIECE)
        self._given = len(piece) < _PIECE
        return {"type": "http.request", "body": piece, "more_body": not self._given}

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    async def _spool(self, message: Message, limit: int, folder: str) -> tuple[int, str] | None:
        digest, length = hashlib.sha256(), 0
        self._file = tempfile.SpooledTemporaryFile(MEMORY_MAX, dir=folder)  # noqa: SIM115 - closed by `close`
        while message["type"] == "http.request":
            data = message.get("body", b"")
            digest.update(data)
            self._file.write(data)
            length += len(data)
            if length > limit or not message.get("more_body", False):
                self._file.seek(0)
                return length, digest.hexdigest()
            message = await self._receive()
        return None
