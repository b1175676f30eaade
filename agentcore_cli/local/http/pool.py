"""The connections to one session's agent, kept open between exchanges."""

from __future__ import annotations

import asyncio
from typing import Final

from agentcore_cli.local.http.upstream import AgentConnection, UpstreamLost

IDLE_CONNECTIONS_MAX: Final = 64
IDLE_SECONDS: Final = 4.0  # uvicorn, the commonest server of agents, closes its idle connections after 5


async def connect(address: str) -> AgentConnection:
    """A new connection: to a Unix socket, by its path, or to `host:port`. Raises OSError."""
    loop = asyncio.get_running_loop()
    if address.startswith("/"):
        _, connection = await loop.create_unix_connection(AgentConnection, address)
    else:
        host, _, port = address.rpartition(":")
        _, connection = await loop.create_connection(AgentConnection, host, int(port))
    return connection


class Pool:
    """The connections of one session: idle ones to reuse, and all of them to cut when the session ends."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._loop = asyncio.get_running_loop()
        self._idle: list[AgentConnection] = []
        self._busy: set[AgentConnection] = set()
        self._closed = False

    async def acquire(self, *, fresh: bool = False) -> AgentConnection:
        """An idle connection, else a new one; `fresh` insists on a new one. Raises OSError, UpstreamLost if closed."""
        if self._closed:
            raise UpstreamLost
        connection = None if fresh else self._reusable()
        if connection is None:
            connection = await connect(self._address)
        self._busy.add(connection)
        if self._closed:  # while the connection was being made
            self.release(connection)
            raise UpstreamLost
        return connection

    def _reusable(self) -> AgentConnection | None:
        oldest = self._loop.time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_since >= oldest and connection.quiet:
                connection.reused = True
                return connection
            connection.close()
        return None

    def release(self, connection: AgentConnection) -> None:
        """Give a connection back: kept when its exchange ended well, closed otherwise."""
        self._busy.discard(connection)
        if self._closed or not connection.usable or len(self._idle) >= IDLE_CONNECTIONS_MAX:
            connection.close()
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)

    def trim(self) -> None:
        """Close what was not used for a while: a server that takes one connection at a time needs it back."""
        oldest = self._loop.time() - IDLE_SECONDS
        for connection in self._idle:
            if connection.idle_since < oldest:
                connection.close()
        self._idle = [connection for connection in self._idle if not connection.lost]

    def close(self) -> None:
        """Cut everything, open answers included."""
        self._closed = True
        for connection in (*self._idle, *self._busy):
            connection.close()
        self._idle.clear()
        self._busy.clear()
