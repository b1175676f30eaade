"""Asking a session which modules it has loaded."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections.abc import Callable

ANSWER_MAX = 1024**2  # bytes
_NAME = re.compile(r"\w+(\.\w+)*")


class PreloadProfiler:
    """Asks one session once, and passes the answer on to `learned` (None: there is none)."""

    def __init__(self, learned: Callable[[list[str] | None], None]) -> None:
        self._connection: socket.socket | None = None
        self._learned = learned
        self._task: asyncio.Task[None] | None = None

    def follow(self, connection: socket.socket) -> None:
        """The session is to be reached by `connection`, which is closed here."""
        self._connection = connection

    def ask(self) -> None:
        """Ask in the background."""
        self._task = asyncio.get_running_loop().create_task(self._ask())

    def give_up(self) -> None:
        """The session ended before it could be asked."""
        if self._connection is not None:
            self._connection.close()
        self._learned(None)

    async def _ask(self) -> None:
        assert self._connection is not None, "a session that has answered was begun"
        loop = asyncio.get_running_loop()
        answer = b""
        with self._connection:
            try:
                await loop.sock_sendall(self._connection, b"?")
                while len(answer) < ANSWER_MAX and (piece := await loop.sock_recv(self._connection, 65536)):
                    answer += piece
                modules = _names(json.loads(answer))
            except (ConnectionError, ValueError, RecursionError):  # the session ended meanwhile, or talks nonsense
                modules = None
        self._learned(modules)


def _names(told: object) -> list[str] | None:
    """What a session told, if it is a list of names of modules."""
    if not isinstance(told, list):
        return None
    names = [name for name in told if isinstance(name, str)]
    return names if len(names) == len(told) and all(_NAME.fullmatch(name) for name in names) else None
