"""HTTP framing between the server and an agent: what arrives in any pieces comes out whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.http.pool import Pool
from agentcore_cli.local.http.upstream import BUFFERED_MAX, FIELDS_MAX, AgentConnection, UpstreamLost
from tests.event_loop import runner
from tests.turns import turns

__all__ = ["runner"]

Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

REQUEST = b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
WITH_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
UNTIL_THE_END = b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + WITH_LENGTH


@pytest.fixture
def address() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="up-")
    yield str(Path(folder) / "s")
    shutil.rmtree(folder)


def says(*pieces: bytes, then_close: bool = False) -> Converse:
    """A server that answers each request with the same pieces, one write each."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await _request_came(reader):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.001)
            if then_close:
                break

    return converse


async def _request_came(reader: asyncio.StreamReader) -> bool:
    try:
        await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    return True


@contextlib.asynccontextmanager
async def serving(address: str, converse: Converse) -> AsyncIterator[Pool]:
    conversations = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, RuntimeError):  # uvloop's, for writing to a connection that is closed
            await converse(reader, writer)
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    server = await asyncio.start_unix_server(accept, address)
    pool = Pool(address)
    try:
        yield pool
    finally:
        pool.close()
        await asyncio.sleep(0.01)  # what was connected last is accepted only now
        server.close()
        await asyncio.gather(*conversations)


async def whole(connection: AgentConnection) -> bytes:
    body = b""
    while piece := await connection.chunk():
        body += piece
    return body


async def head_and_body(connection: AgentConnection) -> bytes:
    await connection.head()
    return await whole(connection)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    ("answer", "then_close"),
    [
        pytest.param(WITH_LENGTH, False, id="content-length"),
        pytest.param(CHUNKED, False, id="chunked"),
        pytest.param(UNTIL_THE_END, True, id="until the connection ends"),
        pytest.param(INTERIM, False, id="after 1xx"),
    ],
)
async def test_an_answer_in_any_pieces(address: str, answer: bytes, then_close: bool, size: int) -> None:
    pieces = [answer[at : at + size] for at in range(0, len(answer), size)]
    async with serving(address, says(*pieces, then_close=then_close)) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        assert (await connection.head()).status == 200
        assert await whole(connection) == b"hello"
        pool.release(connection)
        again = await pool.acquire()
        assert (again is connection) is not then_close
        again.begin(REQUEST)
        assert (await again.head()).status == 200
        assert await whole(again) == b"hello"
        pool.release(again)


async def test_an_answer_without_a_body(address: str) -> None:
    async with serving(address, says(b"HTTP/1.1 204 No Content\r\n\r\n")) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        assert (await connection.head()).status == 204
        assert await whole(connection) == b""
        assert connection.usable


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(b"", id="before an answer"),
        pytest.param(WITH_LENGTH[:20], id="in the head"),
        pytest.param(WITH_LENGTH[:-2], id="in a body of known length"),
        pytest.param(CHUNKED[:-5], id="before the last chunk"),
        pytest.param(b"this is no HTTP\r\n\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", id="an upgrade nobody asked for"),
    ],
)
async def test_a_broken_answer_is_lost(address: str, cut: bytes) -> None:
    async with serving(address, says(cut, then_close=True)) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        with pytest.raises(UpstreamLost):
            await head_and_body(connection)
        assert connection.untouched is (cut == b"")
        assert not connection.usable


async def test_a_slow_reader_holds_the_agent_back(address: str) -> None:
    size = 20 * BUFFERED_MAX
    sent = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await _request_came(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        while sent < size:
            writer.write(bytes(65_536))
            sent += 65_536
            await writer.drain()

    async with serving(address, converse) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        await connection.head()
        await turns()
        assert sent < 8 * BUFFERED_MAX
        assert len(await whole(connection)) == size


async def test_a_slow_agent_holds_the_writer_back(address: str) -> None:
    released = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        while await reader.read(65_536):
            pass

    async with serving(address, converse) as pool:
        connection = await pool.acquire()
        connection.begin(b"POST / HTTP/1.1\r\ncontent-length: 10000000\r\n\r\n")
        connection.write(bytes(10_000_000))
        waiting = asyncio.ensure_future(connection.drained())
        await turns()
        assert not waiting.done()
        released.set()
        await waiting


@pytest.mark.parametrize("how", ["closed", "lost"])
async def test_a_connection_ends_after_a_writer_gave_up_waiting(address: str, how: str) -> None:
    released = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()

    async with serving(address, converse) as pool:
        connection = await pool.acquire()
        connection.begin(b"POST / HTTP/1.1\r\ncontent-length: 10000000\r\n\r\n")
        connection.write(bytes(10_000_000))
        waiting = asyncio.ensure_future(connection.drained())
        await turns()
        waiting.cancel()
        if how == "closed":
            connection.close()
        released.set()
        with pytest.raises(UpstreamLost):
            await connection.head()
        connection.close()


async def test_a_closed_pool_wakes_whoever_waits(address: str) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(address, converse) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        waiting = asyncio.ensure_future(connection.head())
        await turns()
        pool.close()
        with pytest.raises(UpstreamLost):
            await waiting
        with pytest.raises(UpstreamLost):
            await pool.acquire()


async def test_data_that_nobody_asked_for_ends_an_idle_connection(address: str) -> None:
    idle = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await _request_came(reader):
            return
        writer.write(WITH_LENGTH)
        await idle.wait()
        writer.write(WITH_LENGTH)
        await reader.read()

    async with serving(address, converse) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        await connection.head()
        assert await whole(connection) == b"hello"
        pool.release(connection)
        idle.set()
        await turns()
        assert connection.lost
        assert await pool.acquire() is not connection


SECOND = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nx-second: y\r\n\r\nevil"


@pytest.mark.parametrize("size", [10, 1000])
@pytest.mark.parametrize("answer", [WITH_LENGTH, CHUNKED, INTERIM])
async def test_a_second_answer_is_nobodys(address: str, answer: bytes, size: int) -> None:
    """However it is cut into pieces: what follows the answer is neither part of it nor the answer to the next."""
    both = answer + SECOND
    pieces = [both[at : at + size] for at in range(0, len(both), size)]
    async with serving(address, says(*pieces)) as pool:
        for _ in range(3):
            connection = await pool.acquire()
            connection.begin(REQUEST)
            head = await connection.head()
            assert b"x-second" not in dict(head.headers)
            assert await whole(connection) == b"hello"
            assert b"x-second" not in dict(head.headers)
            pool.release(connection)
            while not connection.lost:
                await asyncio.sleep(0.001)


async def test_an_answer_that_waits_unread_is_not_taken_for_the_next(address: str) -> None:
    """The event loop has had no chance to read it when the connection is asked for again."""
    said = asyncio.Event()
    ask_again = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _request_came(reader)
        writer.write(WITH_LENGTH)
        await ask_again.wait()
        os.write(writer.get_extra_info("socket").fileno(), SECOND)
        said.set()
        await reader.read()

    async with serving(address, converse) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        assert await head_and_body(connection) == b"hello"
        pool.release(connection)
        ask_again.set()
        await said.wait()
        assert not connection.quiet
        assert await pool.acquire() is not connection


async def test_an_agent_that_speaks_before_it_is_asked_is_hung_up_on(address: str) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WITH_LENGTH)
        await reader.read()

    async with serving(address, converse) as pool:
        connection = await pool.acquire()
        while not connection.lost:
            await asyncio.sleep(0.001)
        connection.begin(REQUEST)
        with pytest.raises(UpstreamLost):
            await connection.head()


def headers_of(size: int) -> bytes:
    """Headers of that many bytes, in lines of 1 kB."""
    return (b"x-filler: " + b"y" * 1012 + b"\r\n") * (size // 1024)


MORE = headers_of(FIELDS_MAX + 2048)
HEAD = b"HTTP/1.1 200 OK\r\n"
WITH_TRAILERS = HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"


@pytest.mark.parametrize("size", [700, 100_000, 1_000_000])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HEAD + MORE + b"content-length: 0\r\n\r\n", id="many headers"),
        pytest.param(HEAD + b"x: " + b"y" * 1_000_000, id="a header without end"),
        pytest.param(HEAD + b"y" * 1_000_000, id="a name without end"),
        pytest.param(b"HTTP/1.1 200 " + b"y" * 1_000_000, id="a status without end"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000, id="interim answers without end"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n%b\r\n" % headers_of(2048) * 40, id="interim headers"),
    ],
)
async def test_more_headers_than_an_answer_may_have(address: str, answer: bytes, size: int) -> None:
    pieces = [answer[at : at + size] for at in range(0, min(len(answer), 400_000), size)]
    async with serving(address, says(*pieces)) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        with pytest.raises(UpstreamLost, match="more than 65536 bytes of headers"):
            await connection.head()


@pytest.mark.parametrize(
    "trailers", [pytest.param(MORE + b"\r\n", id="many"), pytest.param(b"x: " + b"y" * 300_000, id="endless")]
)
async def test_more_trailers_than_an_answer_may_have(address: str, trailers: bytes) -> None:
    answer = WITH_TRAILERS + trailers
    pieces = [answer[at : at + 5000] for at in range(0, len(answer), 5000)]
    async with serving(address, says(*pieces)) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        with pytest.raises(UpstreamLost, match="more than 65536 bytes of headers"):
            await head_and_body(connection)


async def test_as_many_headers_and_trailers_as_an_answer_may_have(address: str) -> None:
    trailers = b"x-trailer: " + b"y" * 30_000 + b"\r\n\r\n"
    with_many = WITH_TRAILERS.replace(HEAD, HEAD + headers_of(30_000)) + trailers
    async with serving(address, says(with_many)) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        head = await connection.head()
        assert await whole(connection) == b"hello"
        assert b"x-trailer" not in dict(head.headers)
        assert connection.usable


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"hello, this is HTTP/0.9\r\n\r\n", id="no head"),
        pytest.param(HEAD + b"content-length: 99999999999999999999999\r\n\r\n", id="a length that no number holds"),
        pytest.param(HEAD + b"content-length: -5\r\n\r\nhello", id="a length below nothing"),
        pytest.param(HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello", id="two lengths"),
        pytest.param(HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\nhello", id="a giant chunk"),
        pytest.param(HEAD + b"transfer-encoding: chunked\r\n\r\n-5\r\nhello", id="a chunk below nothing"),
    ],
)
async def test_what_is_no_http_is_told_as_that(address: str, answer: bytes) -> None:
    async with serving(address, says(answer)) as pool:
        connection = await pool.acquire()
        connection.begin(REQUEST)
        with pytest.raises(UpstreamLost, match="answered with what is no HTTP"):
            await head_and_body(connection)
