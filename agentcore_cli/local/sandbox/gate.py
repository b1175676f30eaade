"""Where a session waits before its program runs: the server's end of the agent's own socket (`worker/agent.py`)."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping

from agentcore_cli.local.sandbox.learner import Learner

_ANSWER_MAX = 256  # bytes


class Gate:
    """Opened once, by telling the agent who the session is. `theirs` goes to the session and is closed here."""

    def __init__(self) -> None:
        self._connection, self.theirs = socket.socketpair()
        self._connection.setblocking(False)

    async def open(self, environment: Mapping[str, str], learner: Learner | None) -> bool:
        """Let the program run; false when the agent has ended before, so that not one line of it ran.

        With a `learner` the agent stays within its reach, by the same socket.
        """
        loop = asyncio.get_running_loop()
        order = json.dumps({"environment": dict(environment), "learn": learner is not None}).encode() + b"\n"
        try:
            await loop.sock_sendall(self._connection, order)
            running = bool(await loop.sock_recv(self._connection, _ANSWER_MAX))
        except ConnectionError:
            running = False
        if running and learner is not None:
            learner.follow(self._connection.dup())
        self.close()
        return running

    def close(self) -> None:
        """Whoever waits behind a gate that was not opened ends."""
        self._connection.close()
