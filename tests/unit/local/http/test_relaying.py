"""Bytes are passed on both ways, and for so many callers at once."""

from __future__ import annotations

import asyncio

from agentcore_cli.local.http.relaying import relay_to


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


async def test_one_caller_too_many_is_hung_up_on_until_another_has_left() -> None:
    async with asyncio.timeout(60):
        async with await asyncio.start_server(_echo, "127.0.0.1", 0) as service:
            relay = relay_to("127.0.0.1", service.sockets[0].getsockname()[1], most=1)
            async with await asyncio.start_server(relay, "127.0.0.1", 0) as front:
                port = front.sockets[0].getsockname()[1]
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"heard")
                assert await reader.readexactly(5) == b"heard"
                refused, other = await asyncio.open_connection("127.0.0.1", port)
                assert await refused.read() == b""
                writer.write_eof()
                assert await reader.read() == b""
                again, last = await asyncio.open_connection("127.0.0.1", port)
                last.write(b"again")
                assert await again.readexactly(5) == b"again"
                last.write_eof()
                assert await again.read() == b""
                for one in (writer, other, last):
                    one.close()
                    await one.wait_closed()
