"""Connections for the agent that a server took by TCP, and not by the session's Unix socket: carried to its port.

So do servers written in C, Rust or Go, and Pythons whose sockets nobody replaced (`ports`): those started by `-I` or
with variables of their own. In a network of the session's own the port is nobody else's.
"""

import asyncio
import socket
from typing import NoReturn

_ADDRESSES = ("127.0.0.1", "::1")
_PIECE = 65536


def forward(listener: int, port: int) -> NoReturn:
    """In a process of its own: accept at the Unix socket `listener` for the server at `port`, till it is killed."""
    asyncio.run(_serve(socket.socket(fileno=listener), port))
    raise AssertionError("a server that serves for ever has ended")


async def _serve(listener: socket.socket, port: int) -> None:
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await _connect(port)
        except OSError:  # as if nobody listened
            writer.transport.abort()
            return
        await asyncio.gather(_carry(reader, there[1]), _carry(there[0], writer))
        for each in (writer, there[1]):
            each.close()

    listener.setblocking(False)
    server = await asyncio.start_unix_server(take, sock=listener)
    await server.serve_forever()


async def _connect(port: int) -> "tuple[asyncio.StreamReader, asyncio.StreamWriter]":
    try:
        return await asyncio.open_connection(_ADDRESSES[0], port)
    except OSError:
        return await asyncio.open_connection(_ADDRESSES[1], port)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """All that comes, no faster than it is taken; the end of it, too."""
    try:
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()  # who reads there learns that it was not the end
