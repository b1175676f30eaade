"""Traces on their way in: exports of sessions, and calls as the proxy saw them.

Neither may slow a call or fill the server's memory. An export is answered when it is kept, or, by a slow machine, when
it waits to be; what waits is counted in bytes, for each session and for all, and an exporter that sends more is told to
come again (429), which exporters do, with growing pauses. Calls wait in a list and go in one message a moment later;
while the process does not run they go into its `spool`. What could not be taken is counted, and `traces list` says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.http.proxy import PayloadTooLarge, RequestBody
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.session_tokens import TokenGrant
from agentcore_cli.local.http.wire import Answer, Headers, ServiceFault
from agentcore_cli.local.protocol import TracePage
from agentcore_cli.local.storing.frames import Answered
from agentcore_cli.local.storing.process import StoringProcess
from agentcore_cli.local.traces.bodies import JSON, PROTOBUF, is_encoding
from agentcore_cli.local.traces.frames import TraceAsked, TracedCall, TracedSession, TraceQuery
from agentcore_cli.local.traces.spool import Spool

PROGRAM: Final = "agentcore_cli.local.traces"  # what the process runs
SIGNALS: Final = {"traces": "spans", "logs": "logs", "metrics": ""}
BODY_MAX: Final = 8_388_608  # bytes of an export, packed as it may be
BODY_SECONDS: Final = 30.0  # that it may take to come
OF_ALL_MAX: Final = 33_554_432  # bytes of exports that wait
OF_ONE_MAX: Final = 16_777_216  # of a session's
VERDICT_SECONDS: Final = 0.25  # that an exporter waits to hear whether it was kept
CALLS_MAX: Final = 2_000  # calls that wait
CALLS_SECONDS: Final = 0.2  # for which they do

T = TypeVar("T")
_decoder = msgspec.json.Decoder(TracePage)


class TraceIntake:
    """`database` is that of the traces; its process starts when something is exported, or somebody reads."""

    def __init__(self, database: Path, clock: Clock) -> None:
        self._process = StoringProcess(PROGRAM, database)
        self._spool = Spool(database)
        self._clock = clock
        self._is_running = False
        self._waiting: Counter[str] = Counter()  # bytes, by the session's token
        self._calls: list[TracedCall] = []
        self._lost: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def receive(self, request: Request, grant: TokenGrant) -> Answer:
        """Take an export of a session. Raises ServiceFault: 400, 404, 415, 429; and CallerGone."""
        signal = request.segments[-1]
        if request.method != "POST" or len(request.segments) != 3 or signal not in SIGNALS:
            raise ServiceFault.unknown_operation()
        content_type = request.values_of("content-type").partition(";")[0].strip().lower()
        encoding = request.values_of("content-encoding").strip().lower()
        if content_type not in (PROTOBUF, JSON) or not is_encoding(encoding):
            raise ServiceFault(
                415, "UnsupportedMediaTypeException", f"An export is {PROTOBUF} or {JSON}, in gzip or not"
            )
        what = SIGNALS[signal]
        token = request.session_token or ""
        size = BODY_MAX if request.length is None else request.length
        if self._waiting.total() + size > OF_ALL_MAX or self._waiting[token] + size > OF_ONE_MAX:
            self._lost["exports that came faster than they can be kept"] += 1
            raise ServiceFault.throttling("The exports that wait to be kept are too many: come again")
        self._waiting[token] += size
        keeping = None
        try:
            body = await _in_time(request.body(BODY_MAX))
            if not what:
                return _taken(content_type, 0)
            session = TracedSession(grant.runtime_arn, grant.endpoint, grant.session_id)
            asked = TraceAsked(what, self._clock.now(), body, session, content_type, encoding)  # type: ignore[arg-type]
            keeping = self._start(self._ask(asked))
            keeping.add_done_callback(lambda _: self._release(token, size))
        finally:
            if keeping is None:
                self._release(token, size)
        return await self._verdict(keeping, content_type)

    def record(self, call: TracedCall) -> None:
        """Keep a call, soon."""
        if not self._is_running:
            self._write_down(call)
            return
        if len(self._calls) >= CALLS_MAX:
            self._lost["calls that came faster than they can be kept"] += 1
            return
        self._calls.append(call)
        if len(self._calls) == 1:
            asyncio.get_running_loop().call_later(CALLS_SECONDS, lambda: self._start(self._send()))

    async def page(self, query: TraceQuery) -> TracePage:
        """The traces of a query. Raises ServiceFault."""
        page = _decoder.decode(await self._read("list", query))
        return msgspec.structs.replace(page, lost=dict(self._lost))

    async def whole(self, query: TraceQuery) -> msgspec.Raw:
        """One trace, as `otlp.WholeTrace` has it. Raises ServiceFault."""
        return msgspec.Raw(await self._read("show", query))

    async def close(self) -> None:
        """End the process, with what it was given kept."""
        await self._send()
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self._process.close()

    async def _read(self, what: str, query: TraceQuery) -> bytes:
        await self._send()
        answered = await self._ask(TraceAsked(what, self._clock.now(), query=query))  # type: ignore[arg-type]
        if fault := answered.fault():
            raise fault
        return answered.body

    async def _ask(self, asked: TraceAsked) -> Answered:
        self._is_running = True  # from here on it has what is in the spool
        return await self._process.ask(asked)

    async def _verdict(self, keeping: asyncio.Task[Answered], content_type: str) -> Answer:
        with contextlib.suppress(TimeoutError):
            answered = await asyncio.wait_for(asyncio.shield(keeping), VERDICT_SECONDS)
            if fault := answered.fault():
                self._lost["exports that could not be kept"] += 1
                raise fault
            return _taken(content_type, int(answered.body))
        keeping.add_done_callback(self._count_late)
        return _taken(content_type, 0)

    def _count_late(self, keeping: asyncio.Task[Answered]) -> None:
        if not keeping.cancelled() and keeping.exception() is None and keeping.result().fault():
            self._lost["exports that could not be kept"] += 1

    def _write_down(self, call: TracedCall) -> None:
        try:
            is_large = self._spool.write(msgspec.msgpack.encode(call))
        except OSError as error:
            self._lost[f"calls: {error.strerror}"] += 1
            return
        if is_large:
            self._start(self._ask(TraceAsked("list", self._clock.now(), query=TraceQuery(limit=1))))

    async def _send(self) -> None:
        if self._calls:
            calls, self._calls = self._calls, []
            answered = await self._ask(TraceAsked("calls", self._clock.now(), msgspec.msgpack.encode(calls)))
            if answered.fault():
                self._lost["calls that could not be kept"] += len(calls)

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _release(self, token: str, size: int) -> None:
        self._waiting[token] -= size
        if self._waiting[token] <= 0:
            del self._waiting[token]


def _taken(content_type: str, dropped: int) -> Answer:
    """What an exporter hears, in the language that it speaks."""
    headers: Headers = [("content-type", content_type)]
    message = "above the limits of the local runtime, or broken"
    if content_type == JSON:
        partial = {"partialSuccess": {"rejectedSpans": str(dropped), "errorMessage": message}} if dropped else {}
        return 200, headers, msgspec.json.encode(partial)
    if not dropped:
        return 200, headers, b""
    inner = b"\x08" + _varint(dropped) + b"\x12" + _varint(len(message)) + message.encode()
    return 200, headers, b"\x0a" + _varint(len(inner)) + inner


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


async def _in_time(body: RequestBody) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await body.all()
    except TimeoutError as error:
        raise ServiceFault.validation(f"The export took longer than {BODY_SECONDS:.0f} s") from error
    except PayloadTooLarge as error:
        raise ServiceFault(413, "ValidationException", f"An export has at most {BODY_MAX:,} bytes") from error
