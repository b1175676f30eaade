"""Passing on bytes between a connection that came in and one of our own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

CONNECTIONS_MAX: Final = 256  # of one relay at once: each costs two descriptors
_PIECE: Final = 65_536  # bytes

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def relay_to(host: str, port: int, most: int = CONNECTIONS_MAX) -> Serve:
    """What serves each connection by one to `host`; it is closed when that is refused, or `most` are there."""
    there: set[asyncio.StreamWriter] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            if len(there) >= most:
                return
            there.add(writer)
            try:
                answers, service = await asyncio.open_connection(host, port)
                with contextlib.closing(service):
                    await asyncio.gather(_pass_on(reader, service), _pass_on(answers, writer))
            finally:
                there.discard(writer)

    return relay


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, and at last its end; the other direction may go on."""
    with contextlib.suppress(OSError):
        while data := await reader.read(_PIECE):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):  # RuntimeError: uvloop's word for a connection that is closed
        writer.write_eof()
