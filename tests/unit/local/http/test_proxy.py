"""One exchange: what goes to the agent, what comes back, and how each way of going wrong is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.local.http.headers import HeaderList
from agentcore_cli.local.http.pool import Pool
from agentcore_cli.local.http.proxy import (
    AgentLost,
    AgentRefused,
    AnswerBroken,
    CallerGone,
    PayloadTooLarge,
    ProxiedExchange,
    RequestBody,
)
from tests.event_loop import runner
from tests.fakes.local_server import Body, Caller
from tests.fakes.sandbox import Asked, Converse, ScriptedAgent, answer
from tests.turns import turns

__all__ = ["runner"]

LIMIT = 1000


@asynccontextmanager
async def serving(home: Home, converse: Converse) -> AsyncIterator[Pool]:
    address = str(home.sockets / "agent")
    server = await asyncio.start_unix_server(_closing(converse), address)
    pool = Pool(address)
    try:
        yield pool
    finally:
        pool.close()
        await turns()
        server.close()


def _closing(converse: Converse) -> Converse:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await converse(reader, writer)
        except ConnectionError:
            pass  # the proxy hung up
        finally:
            writer.close()

    return accept


def nobody_waits() -> None:
    """What an exchange does about a caller that takes nothing more, where there is no connection of one."""


async def exchange(pool: Pool, body: Body, length: int | None = None) -> Caller:
    """A whole exchange, as the data plane makes it."""
    caller = Caller()
    one = ProxiedExchange(pool, RequestBody(body, LIMIT), nobody_waits)
    try:
        head = await one.ask(request_head, length)
        await one.answer(head, answer_headers, caller)
    finally:
        one.close()
    return caller


def request_head(length: int | None) -> bytes:
    framing = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    return b"POST / HTTP/1.1\r\n" + framing + b"\r\n\r\n"


def answer_headers(length: int | None) -> HeaderList:
    return [] if length is None else [(b"content-length", b"%d" % length)]


@pytest.mark.parametrize(
    ("pieces", "length", "framing"),
    [
        pytest.param([b"hello"], 5, ("content-length", "5"), id="at once"),
        pytest.param([b""], None, ("content-length", "0"), id="nothing"),
        pytest.param([b"he", b"llo"], 5, ("content-length", "5"), id="in pieces of known length"),
        pytest.param([b"he", b"", b"llo"], None, ("transfer-encoding", "chunked"), id="in pieces"),
    ],
)
async def test_a_body_arrives_as_it_was_sent(
    home: Home, pieces: list[bytes], length: int | None, framing: tuple[str, str]
) -> None:
    agent = ScriptedAgent()
    async with serving(home, agent) as pool:
        caller = await exchange(pool, Body(*pieces), length)
        assert (caller.status, caller.body, caller.complete) == (200, b"".join(pieces), True)
        assert agent.asked[0].headers[framing[0]] == framing[1]


async def test_one_connection_serves_many_exchanges(home: Home) -> None:
    connections = 0
    agent = ScriptedAgent()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await agent(reader, writer)

    async with serving(home, converse) as pool:
        for _ in range(5):
            await exchange(pool, Body(b"hello"))
        assert connections == 1


async def test_a_connection_that_was_closed_meanwhile_is_replaced(home: Home) -> None:
    """The agent reads the second request on a reused connection and hangs up; it gets it again on a fresh one."""
    seen = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        await reader.readuntil(b"hello")
        writer.write(answer(b"first"))
        await reader.readuntil(b"hello")
        seen += 1

    async with serving(home, converse) as pool:
        assert (await exchange(pool, Body(b"hello"))).body == b"first"
        assert (await exchange(pool, Body(b"hello"))).body == b"first"
        assert seen == 1


async def test_a_fresh_connection_that_is_closed_is_not_tried_again(home: Home) -> None:
    seen = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        await reader.readuntil(b"hello")
        seen += 1

    async with serving(home, converse) as pool:
        with pytest.raises(AgentLost):
            await exchange(pool, Body(b"hello"))
        assert seen == 1


async def test_an_error_of_the_agent(home: Home) -> None:
    def refuse(_: Asked) -> bytes:
        return answer(b"x" * 10_000, status=503)

    async with serving(home, ScriptedAgent(reply=refuse)) as pool:
        with pytest.raises(AgentRefused) as refused:
            await exchange(pool, Body(b"hello"))
        assert (refused.value.status, refused.value.body) == (503, b"x" * 4096)


async def test_an_answer_that_breaks_off(home: Home) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"hello")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")

    async with serving(home, converse) as pool:
        with pytest.raises(AnswerBroken):
            await exchange(pool, Body(b"hello"))


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        pytest.param(Body(b"x" * 1001), PayloadTooLarge, id="too large at once"),
        pytest.param(Body(b"x" * 600, b"x" * 600), PayloadTooLarge, id="too large in pieces"),
        pytest.param(Body(), CallerGone, id="gone at once"),
    ],
)
async def test_a_body_that_does_not_come(home: Home, body: Body, failure: type[Exception]) -> None:
    async with serving(home, ScriptedAgent()) as pool:
        with pytest.raises(failure):
            await exchange(pool, body)


async def test_a_caller_that_hangs_up_while_it_sends(home: Home) -> None:
    async def receive() -> dict[str, Any]:
        return pieces.pop(0)

    pieces = [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]
    async with serving(home, ScriptedAgent()) as pool:
        with pytest.raises(CallerGone):
            await exchange(pool, receive)  # type: ignore[arg-type]


async def test_an_answer_that_comes_before_the_request_is_whole(home: Home) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"half")
        writer.write(answer(b"enough"))
        await reader.read()

    async def receive() -> dict[str, Any]:
        if pieces:
            return {"type": "http.request", "body": pieces.pop(), "more_body": True}
        await asyncio.Event().wait()
        return {}

    pieces = [b"half"]
    async with serving(home, converse) as pool:
        caller = await exchange(pool, receive)  # type: ignore[arg-type]
        assert caller.body == b"enough"


async def test_two_ways_at_the_same_time(home: Home) -> None:
    """What the agent says while it still reads goes out while the caller still sends."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"one")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nONE")
        await reader.readuntil(b"two")
        writer.write(b"TWO")
        await reader.read()

    caller = Caller()

    async def receive() -> dict[str, Any]:
        if not caller.status:
            return {"type": "http.request", "body": b"one", "more_body": True} if first.pop() else await said_one()
        return await said_one()

    first = [False, True]

    async def said_one() -> dict[str, Any]:
        while caller.body != b"ONE":
            await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"two", "more_body": False}

    async with serving(home, converse) as pool:
        one = ProxiedExchange(pool, RequestBody(receive, LIMIT), nobody_waits)
        await one.answer(await one.ask(request_head, None), answer_headers, caller)
        one.close()
        assert (caller.body, caller.complete) == (b"ONETWO", True)
