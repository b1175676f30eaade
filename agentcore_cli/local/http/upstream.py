"""HTTP/1.1 to an agent, over its session's Unix socket or a port on loopback.

`AgentConnection` carries one exchange at a time and parses the answer as it arrives; `pool` keeps the connections of a
session open between exchanges. Both know HTTP framing and nothing of sessions, ASGI or AgentCore.

An agent may be anything, so nothing that it says is taken for more than it is: what it says unasked ends the
connection, and what follows the one answer that was asked for is never taken for the answer to the next request.
"""

from __future__ import annotations

import asyncio
import select
from typing import Final, cast

import httptools

BUFFERED_MAX: Final = 256 * 1024  # bytes of an answer that wait for a slow reader before the agent has to wait
FIELDS_MAX: Final = 64 * 1024  # bytes of an answer's headers and trailers together, interim answers' included
_INTERIM_COST: Final = 32  # bytes that an interim answer without a header counts for


class UpstreamLost(Exception):
    """The connection ended before the answer was whole; the text says what the agent did, if that is known."""


class _TooMuch(Exception):
    """More headers than an answer may have."""


class Head:
    """Status and headers of an answer; `length` is None when the agent did not say it."""

    __slots__ = ("headers", "length", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.status = status
        self.headers = headers
        lengths = (int(value) for name, value in headers if name == b"content-length" and value.isdigit())
        self.length = next(lengths, None)

    @property
    def framed(self) -> bool:
        """Whether the end of the body can be told without the end of the connection."""
        return self.length is not None or any(name == b"transfer-encoding" for name, _ in self.headers)


class AgentConnection(asyncio.Protocol):
    """One connection to the agent: `write` a request, await `head`, then `chunk` until it gives b"".

    `complete`: the whole answer has arrived, of which a part may still wait to be read. `untouched`: not one byte of
    it has. `lost`: the connection has ended.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self.lost = False
        self._reader: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._reading_paused = False
        self._keep_alive = False
        self._asked = False
        self._fault = ""
        self.reused = False
        self.idle_since = 0.0
        self._reset()

    def _reset(self) -> None:
        self._fields = 0  # bytes of headers and trailers
        self._pending = 0  # bytes since anything of the answer was whole
        self._headers: list[tuple[bytes, bytes]] = []
        self._head: Head | None = None
        self._body = bytearray()
        self.complete = False
        self.untouched = True
        self._surplus = False  # whether more than the answer has arrived

    # What the proxy calls

    def begin(self, request: bytes) -> None:
        """Start an exchange with the first bytes of a request."""
        self._reset()
        self._asked = True
        self.write(request)

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self.lost:
            self._transport.write(data)

    async def drained(self) -> None:
        """Return when the agent takes more of the request. Raises UpstreamLost when it never will."""
        if self.lost:
            raise UpstreamLost(self._fault)
        if self._writable is not None:
            await self._writable

    async def head(self) -> Head:
        """The final status line and headers (1xx are skipped). Raises UpstreamLost."""
        while self._head is None:
            await self._wait()
        if self._fault and not self.complete:
            raise UpstreamLost(self._fault)
        return self._head

    async def chunk(self) -> bytes:
        """What arrived of the body since the last call, b"" at its end. Raises UpstreamLost."""
        while not self._body:
            if self.complete:
                return b""
            await self._wait()
        data = bytes(self._body)
        self._body.clear()
        if self._reading_paused:
            self._reading_paused = False
            if self._transport is not None and not self.lost:
                self._transport.resume_reading()
        return data

    @property
    def usable(self) -> bool:
        """Whether another exchange may follow on this connection."""
        at_rest = self.complete and not self._surplus and self._writable is None
        return at_rest and self._keep_alive and not self.lost

    @property
    def quiet(self) -> bool:
        """Whether nothing has arrived that nobody asked for, not even what the event loop has yet to read."""
        if self._transport is None or self.lost:
            return False
        poll = select.poll()
        poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """End the connection at once; whoever waits for it gets UpstreamLost."""
        if self._transport is not None:
            self._transport.abort()
        self._end()

    async def _wait(self) -> None:
        if self.lost:
            raise UpstreamLost(self._fault)
        self._reader = self._loop.create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _end(self) -> None:
        self.lost = True
        self.resume_writing()
        self._wake()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclasses

    def data_received(self, data: bytes) -> None:
        if self.complete or not self._asked:  # nobody asked
            self.close()
            return
        self.untouched = False
        self._pending += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(error)
            return
        if self._pending > FIELDS_MAX:
            self._break(_TooMuch())

    def connection_lost(self, _reason: Exception | None) -> None:
        if self._head is not None and not self.complete and not self._head.framed and not self.lost:
            self.complete = True
        self._end()

    def _break(self, error: Exception) -> None:
        """End a connection whose agent does not keep to HTTP, unless its answer is whole."""
        if not self.complete:
            too_much = isinstance(error, _TooMuch) or isinstance(error.__context__, _TooMuch)
            self._fault = (
                f"answered with more than {FIELDS_MAX} bytes of headers"
                if too_much
                else "answered with what is no HTTP"
            )
        self.close()

    def _count(self, size: int) -> None:
        self._pending = 0
        self._fields += size
        if self._fields > FIELDS_MAX:
            raise _TooMuch

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        waiter, self._writable = self._writable, None
        if waiter is not None and not waiter.done():  # whoever waited may have been cancelled
            waiter.set_result(None)

    # httptools

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete:
            return  # of a second answer
        self._count(len(name) + len(value) + len(b": \r\n"))
        if self._head is None:  # else a trailer, which nobody is told
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self._count(_INTERIM_COST)
        else:
            self._pending = 0
            self._head = Head(status, self._headers)
            self._keep_alive = self._parser.should_keep_alive()
            self._wake()

    def on_chunk_header(self) -> None:
        self._pending = 0

    def on_body(self, body: bytes) -> None:
        if self.complete:
            return
        self._pending = 0
        self._body += body
        if len(self._body) > BUFFERED_MAX and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()
        self._wake()

    def on_message_begin(self) -> None:
        self._surplus = self.complete

    def on_message_complete(self) -> None:
        if self.complete:
            return
        self._pending = 0
        if self._head is None:  # an interim 1xx answer
            self._headers = []
            return
        self.complete = True
        self._wake()
