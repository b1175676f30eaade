"""Where a session waits before its program runs: the server's end of the agent's own socket (`worker/agent.py`)."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping

from agentcore_cli.local.sandbox.preload_profiler import PreloadProfiler

_ANSWER_MAX = 256  # bytes


class StartBarrier:
    """Opened once, by telling the agent who the session is. `theirs` goes to the session and is closed there."""

    def __init__(self) -> None:
        self._connection, self.theirs = socket.socketpair()
        self._connection.setblocking(False)
        self._closed = False
        self._opening = False

    async def open(self, environment: Mapping[str, str], learner: PreloadProfiler | None) -> bool:
        """Let the program run; false when the agent has ended before, so that not one line of it ran.

        With a `learner` the agent stays within its reach, by the same socket.
        """
        if self._closed:
            return False
        order = {"environment": dict(environment), "learn": learner is not None}
        self._opening = True
        try:
            running = await self._tell(json.dumps(order).encode() + b"\n")
            if running and learner is not None:
                learner.follow(self._connection.dup())
        finally:
            self._opening = False
            self.close()
        return running

    def close(self) -> None:
        """Whoever waits behind a gate that was not opened ends. One that is being opened is not closed under way."""
        if not self._opening:
            self._closed = True
            self._connection.close()

    async def _tell(self, order: bytes) -> bool:
        """Whether the agent has heard `order`."""
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._connection, order)
            return bool(await loop.sock_recv(self._connection, _ANSWER_MAX))
        except ConnectionError:
            return False
