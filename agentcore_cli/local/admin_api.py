"""`/_local/…`: what the service has no operation for. Session lists, the clock, faults, credentials, the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from agentcore_cli import __version__
from agentcore_cli.contract import DEFAULT_ENDPOINT, LOCAL_REGION
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import ControlPlane
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import JSON_HEADERS, Answer, ServiceFault, parsed
from agentcore_cli.local.page import VISIT_SECONDS, PageEntrance
from agentcore_cli.local.programs.credentials import SessionCredentials
from agentcore_cli.local.programs.sandboxes import Sandboxes
from agentcore_cli.local.protocol import (
    AdvanceClock,
    ArmedFaults,
    ArmFault,
    Artifacts,
    ClockTime,
    Done,
    ForeseeVersion,
    Health,
    LogPiece,
    MountRecord,
    PageFacts,
    PageInvitation,
    ProtectionRecord,
    PutCredentials,
    SessionPage,
    SessionTranscript,
    SessionVitals,
    StartRecord,
    Starts,
    TracePage,
)
from agentcore_cli.local.sessions import logs, usage
from agentcore_cli.local.sessions.health import vitals_of
from agentcore_cli.local.sessions.session import Session, SessionKey
from agentcore_cli.local.sessions.sessions import LiveSessions
from agentcore_cli.local.sessions.transcripts import Transcripts
from agentcore_cli.local.traces.frames import TraceQuery
from agentcore_cli.local.traces.intake import TraceIntake

PREFIX: Final = "_local"
BODY_MAX: Final = 1_048_576  # bytes
PAGE_CAN: Final = (
    *("invoke", "stop", "exec", "clock", "faults"),
    *("logs", "memory", "traces", "transcript", "vitals"),
)

_QUERY: Final = [(each.name, each.type, each.default) for each in msgspec.structs.fields(TraceQuery)]

T = TypeVar("T")


class AdminApi:
    """`shut_down` asks the server to end; it does so once the answer is out."""

    def __init__(
        self,
        sessions: LiveSessions,
        control: ControlPlane,
        sandbox: Sandboxes,
        credentials: SessionCredentials,
        traces: TraceIntake,
        transcripts: Transcripts,
        page: PageEntrance,
        clock: Clock,
        faults: Faults,
        shut_down: Callable[[], None],
    ) -> None:
        self._sessions = sessions
        self._control = control
        self._sandbox = sandbox
        self._credentials = credentials
        self._traces = traces
        self._transcripts = transcripts
        self._logs: set[str] = set()
        self._page = page
        self._clock = clock
        self._faults = faults
        self._shut_down = shut_down
        self._operations: dict[tuple[str, str], Callable[[Request], Awaitable[msgspec.Struct | msgspec.Raw]]] = {
            ("GET", "health"): self._health,
            ("GET", "sessions"): self._list_sessions,
            ("GET", "starts"): self._list_starts,
            ("GET", "artifacts"): self._list_artifacts,
            ("GET", "traces"): self._list_traces,
            ("GET", "trace"): self._show_trace,
            ("GET", "logs"): self._read_log,
            ("GET", "vitals"): self._show_vitals,
            ("GET", "transcript"): self._show_transcript,
            ("GET", "page"): self._tell_page,
            ("POST", "page"): self._invite,
            ("POST", "clock"): self._advance_clock,
            ("POST", "faults"): self._arm_fault,
            ("PUT", "credentials"): self._put_credentials,
            ("POST", "foreseen"): self._foresee_version,
            ("POST", "shutdown"): self._end_server,
        }

    def serves(self, segments: list[str]) -> bool:
        """Whether the path is one of ours; whether the operation exists is for `handle` to say."""
        return segments[0] == PREFIX

    async def handle(self, request: Request) -> Answer:
        """Answer a request. Raises ServiceFault."""
        operation = self._operations.get((request.method, "/".join(request.segments[1:])))
        if operation is None:
            raise ServiceFault.unknown_operation()
        return 200, list(JSON_HEADERS), msgspec.json.encode(await operation(request))

    async def _health(self, _request: Request) -> Health:
        level = self._sandbox.level
        return Health(
            version=__version__,
            level=level.name,
            level_reason=level.reason,
            runtimes=self._control.runtimes(),
            sessions=self._sessions.count(),
            time=self._clock.now(),
            faults=self._faults.armed(),
            protections=tuple(
                ProtectionRecord(name=it.name, active=it.active, reason=it.reason) for it in level.protections
            ),
            mounts=tuple(MountRecord(path=it.path, writable=it.writable) for it in self._sandbox.mounts),
        )

    async def _list_sessions(self, request: Request) -> SessionPage:
        arn = request.query.get("runtime_arn")
        return SessionPage(tuple(self._sessions.records(arn[0] if arn else None)), self._clock.now())

    async def _list_starts(self, request: Request) -> Starts:
        arn, now = _asked(request, "runtime_arn"), self._clock.awake()
        of_it = [each for each in self._sessions.starting() if each.version.is_of(arn)]
        return Starts(
            tuple(StartRecord(each.key.session_id, now - each.started.awake, each.seen_starting) for each in of_it)
        )

    async def _list_artifacts(self, _request: Request) -> Artifacts:
        return Artifacts(tuple(self._control.code_keys()))

    async def _list_traces(self, request: Request) -> TracePage:
        return await self._traces.page(_trace_query(request))

    async def _show_trace(self, request: Request) -> msgspec.Raw:
        return await self._traces.whole(_trace_query(request))

    async def _read_log(self, request: Request) -> LogPiece:
        """Only files that a session's record names are logs."""
        log, after = _asked(request, "log"), request.query.get("after", ["0"])[0]
        if log not in self._logs:
            self._logs = {str(record.log) for record in self._sessions.records()}
        if log not in self._logs:
            raise ServiceFault.not_found("There is no session with that log")
        if not after.removeprefix("-").isdecimal():
            raise ServiceFault.validation("after: a number of bytes")
        return await asyncio.to_thread(logs.piece, Path(log), int(after))

    async def _show_vitals(self, request: Request) -> SessionVitals:
        session = self._session(request)
        used = await asyncio.to_thread(usage.of_tree, session.process.pid) if session.process else None
        return vitals_of(session, self._clock.awake(), used)

    async def _show_transcript(self, request: Request) -> SessionTranscript:
        return SessionTranscript(self._transcripts.of(self._session(request)))

    def _session(self, request: Request) -> Session:
        """The living session that a request names. Raises ServiceFault."""
        runtime_id = _asked(request, "runtime_arn").rpartition("/")[2]
        endpoint = request.query.get("endpoint", [DEFAULT_ENDPOINT])[0]
        return self._sessions.find(SessionKey(runtime_id, endpoint, _asked(request, "session_id")))

    async def _tell_page(self, _request: Request) -> PageFacts:
        regions = tuple(self._control.regions()) or (LOCAL_REGION,)
        return PageFacts("local", PAGE_CAN, regions, __version__)

    async def _invite(self, _request: Request) -> PageInvitation:
        self._transcripts.keep_for(VISIT_SECONDS)
        return self._page.page.invite()

    async def _advance_clock(self, request: Request) -> ClockTime:
        seconds = (await _body(request, AdvanceClock)).seconds
        if not 0 <= seconds < float("inf"):
            raise ServiceFault.validation("seconds: the clock only moves forward")
        time = self._clock.advance(seconds)
        await self._sessions.catch_up()
        return ClockTime(time)

    async def _arm_fault(self, request: Request) -> ArmedFaults:
        asked = await _body(request, ArmFault)
        if asked.count < 0:
            raise ServiceFault.validation("count: must not be negative")
        self._faults.arm(asked.fault, asked.count)
        return ArmedFaults(self._faults.armed())

    async def _put_credentials(self, request: Request) -> Done:
        asked = await _body(request, PutCredentials)
        self._credentials.put(asked.runtime_arn, asked.environment, asked.source, asked.secrets)
        return Done()

    async def _foresee_version(self, request: Request) -> Done:
        asked = await _body(request, ForeseeVersion)
        self._control.foresee(asked.runtime_id, bytes(asked.request), asked.must_start)
        return Done()

    async def _end_server(self, _request: Request) -> Done:
        self._shut_down()
        return Done()


def _asked(request: Request, name: str) -> str:
    """A parameter of the query that has to be there. Raises ServiceFault 400."""
    if not (values := request.query.get(name)):
        raise ServiceFault.validation(f"{name}: missing")
    return values[0]


def _trace_query(request: Request) -> TraceQuery:
    """Raises ServiceFault 400."""
    given = {name: values[0] for name, values in request.query.items()}
    try:
        members = [msgspec.convert(given.get(name, usual), kind, strict=False) for name, kind, usual in _QUERY]
    except msgspec.ValidationError as error:
        raise ServiceFault.validation(str(error)) from error
    return TraceQuery(*members)


async def _body(request: Request, shape: type[T]) -> T:
    return parsed(await request.body(BODY_MAX).all(), shape)
