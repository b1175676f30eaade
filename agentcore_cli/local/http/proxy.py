"""One invocation on its way through: the caller's body to the agent, the agent's answer back, both as they arrive.

Nothing is held back and nothing is collected: a slow reader on either side slows the other side down. Knows ASGI
messages and `upstream`, and nothing of sessions or error shapes: how it went is told by the exceptions below.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from agentcore_cli.local.http.headers import HeaderList
from agentcore_cli.local.http.pool import Pool
from agentcore_cli.local.http.upstream import AgentConnection, Head, UpstreamLost

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

REFUSAL_MAX: Final = 4096  # bytes kept of what an agent says when it fails


class AgentLost(Exception):
    """There is no answer of the agent: it hung up, or does not speak HTTP, which the text tells then.

    Nothing was sent to the caller.
    """


class AgentRefused(Exception):
    """The agent answered with a status of 300 or more; nothing was sent to the caller."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


class AnswerBroken(Exception):
    """The agent hung up in the middle of an answer: all that is left is to hang up on the caller."""


class CallerGone(Exception):
    """The caller hung up before its request was whole."""


class PayloadTooLarge(Exception):
    """The request's body is larger than `RequestBody` lets through."""


class RequestBody:
    """The caller's body, piece by piece, at most `limit` bytes of it."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = self._left = limit
        self._held: bytes | None = None
        self._kept: list[bytes] | None = None
        self._kept_most = 0
        self.whole = False

    def keep(self, most: int) -> None:
        """From the first piece on, until `forget` or more than `most` bytes have come, remember what came."""
        self._kept, self._kept_most = [], most

    def forget(self) -> None:
        self._kept = None

    async def piece(self) -> bytes:
        """What arrived since the last call; `whole` tells if it was the last. Raises CallerGone, PayloadTooLarge."""
        if self._held is not None:
            held, self._held = self._held, None
            return held
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        self.whole = not message.get("more_body", False)
        data: bytes = message.get("body", b"")
        self._left -= len(data)
        if self._left < 0:
            raise PayloadTooLarge
        if self._kept is not None:
            self._kept.append(data)
            if self._limit - self._left > self._kept_most:
                self.forget()
        return data

    async def gather(self, most: int) -> bytes:
        """What arrives until the body is whole, or more than `most` bytes are there; `piece` gives it once more."""
        gathered = bytearray(await self.piece())
        while not self.whole and len(gathered) <= most:
            gathered += await self.piece()
        self._held = bytes(gathered)
        return self._held

    async def from_the_beginning(self) -> bytes:
        """The whole body, when all of it was kept; b"" when it is no more."""
        while not self.whole:
            await self.piece()
        return b"".join(self._kept or ())

    async def all(self) -> bytes:
        """The whole body, for the small ones that are read and understood here."""
        collected = bytearray()
        while not self.whole:
            collected += await self.piece()
        return bytes(collected)


class ProxiedExchange:
    """One request to the agent and its answer. `hurry` sees to a caller that takes nothing of what is left.

    `begun` turns true when the answer has: then all that is left is to cut it. `overdue` tells that it was cut
    because it took longer than the service allows.
    """

    def __init__(self, pool: Pool, body: RequestBody, hurry: Callable[[], None]) -> None:
        self._pool = pool
        self._body = body
        self._hurry = hurry
        self._connection: AgentConnection | None = None
        self._upload: asyncio.Task[None] | None = None
        self.begun = False
        self.overdue = False

    async def ask(self, head: Callable[[int | None], bytes], length: int | None) -> Head:
        """Send the request and give the answer's head.

        `head` makes the request's first bytes from the body's length; `length` is what the caller announced, if it did.
        Raises AgentLost, AgentRefused, CallerGone, PayloadTooLarge.
        """
        first = await self._body.piece()
        try:
            if self._body.whole:
                answer = await self._ask_at_once(head(len(first)) + first)
            else:
                answer = await self._ask_and_upload(head(length), first, chunked=length is None)
        except (UpstreamLost, OSError) as error:
            self._raise_from_upload()
            raise AgentLost(str(error) if isinstance(error, UpstreamLost) else "") from error
        if answer.status >= 300:
            raise AgentRefused(answer.status, await self._refusal())
        return answer

    async def answer(self, head: Head, headers: Callable[[int | None], HeaderList], send: Send) -> None:
        """Hand the answer to the caller as it arrives. A caller that has hung up does not stop the agent.

        `headers` makes the caller's headers from the body's length, if it is known. Raises AnswerBroken.
        """
        connection = self._open_connection()
        self.begun = True
        self._body.forget()
        if connection.complete:
            body = await self._chunk()
            await send({"type": "http.response.start", "status": head.status, "headers": headers(len(body))})
        else:
            await send({"type": "http.response.start", "status": head.status, "headers": headers(head.length)})
            while body := await self._chunk():
                await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def cut(self) -> None:
        """End the exchange at once, whatever state it is in."""
        if self._connection is not None:
            self._connection.close()
        if self.begun:
            self._hurry()

    def close(self) -> None:
        """Give the connection back to the pool, or close it if the exchange did not end well."""
        if self._upload is not None and not (self._upload.done() and self._upload.exception() is None):
            self._upload.cancel()
            self.cut()
        if self._connection is not None:
            self._pool.release(self._connection)

    async def _chunk(self) -> bytes:
        try:
            return await self._open_connection().chunk()
        except UpstreamLost as error:
            self._hurry()
            raise AnswerBroken from error

    async def _ask_at_once(self, request: bytes) -> Head:
        """A request that is in memory: sent again, once, when the connection turns out to have been closed long ago."""
        connection = self._connection = await self._pool.acquire()
        connection.begin(request)
        try:
            return await connection.head()
        except UpstreamLost:
            if not (connection.reused and connection.untouched):
                raise
        self._pool.release(connection)
        connection = self._connection = await self._pool.acquire(fresh=True)
        connection.begin(request)
        return await connection.head()

    async def _ask_and_upload(self, head: bytes, first: bytes, *, chunked: bool) -> Head:
        connection = self._connection = await self._pool.acquire(fresh=True)
        connection.begin(head)
        self._upload = asyncio.create_task(self._send_body(connection, first, chunked=chunked))
        return await connection.head()

    async def _send_body(self, connection: AgentConnection, data: bytes, *, chunked: bool) -> None:
        """The rest of the request while its answer may already be on the way. A failure ends the connection."""
        frame = _chunk_frame if chunked else bytes
        try:
            connection.write(frame(data))
            while not self._body.whole:
                connection.write(frame(await self._body.piece()))
                await connection.drained()
            if chunked:
                connection.write(b"0\r\n\r\n")
        except UpstreamLost:
            pass  # whoever reads the answer meets it too
        except (CallerGone, PayloadTooLarge):
            connection.close()
            raise

    def _raise_from_upload(self) -> None:
        if self._upload is not None and self._upload.done():
            self._upload.result()

    async def _refusal(self) -> bytes:
        """The beginning of what the agent says to its failure."""
        said = bytearray()
        try:
            while len(said) < REFUSAL_MAX and (data := await self._open_connection().chunk()):
                said += data
        except UpstreamLost:
            pass  # what it said so far has to do
        return bytes(said[:REFUSAL_MAX])

    def _open_connection(self) -> AgentConnection:
        assert self._connection is not None, "ask() comes first"
        return self._connection


def _chunk_frame(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""
