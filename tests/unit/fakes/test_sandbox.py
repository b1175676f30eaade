"""The fake sandbox keeps the real one's promises, as far as callers rely on them."""

from __future__ import annotations

import asyncio

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import Exit, Program, SessionSpec
from tests.fakes.sandbox import FakeProcess, FakeSandbox, ScriptedAgent

REQUEST = b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi"


async def started(home: Home) -> FakeProcess:
    program = Program("p/1", home.root, home.root, ("main.py",), {}, 8080)
    return await FakeSandbox(home.sockets, ScriptedAgent()).start(program, SessionSpec("s1", {}, home.root / "log"))


async def test_it_answers_on_its_address(home: Home) -> None:
    process = await started(home)
    reader, writer = await asyncio.open_unix_connection(process.address)
    writer.write(REQUEST)
    assert (await reader.readuntil(b"hi")).startswith(b"HTTP/1.1 200")
    assert await process.stop() == Exit(None, 15)
    assert await reader.read() == b""
    writer.close()


async def test_after_its_exit_nobody_listens(home: Home) -> None:
    process = await started(home)
    process.exit(Exit(3, None))
    assert process.exited.result() == Exit(3, None)
    with pytest.raises((ConnectionRefusedError, FileNotFoundError)):
        await asyncio.open_unix_connection(process.address)
    assert await process.stop() == Exit(3, None)
