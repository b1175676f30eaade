"""The sessions that live, and how one starts and ends.

A session is found by runtime, endpoint and id. The first request with an id starts one (`provisioning`) and waits for
its agent; whoever comes meanwhile, or while it ends (`stopping`), is told to come again. An id whose session has
ended gets a new one, with a fresh environment. Source: runtime-sessions.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import Resolved
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.pool import Pool
from agentcore_cli.local.http.session_tokens import SessionTokens, TokenGrant
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.programs.credentials import SessionCredentials
from agentcore_cli.local.programs.programs import Programs
from agentcore_cli.local.programs.sandboxes import Sandboxes
from agentcore_cli.local.protocol import SessionRecord
from agentcore_cli.local.sandbox import Level, SandboxError, SessionSpec
from agentcore_cli.local.sessions import logs
from agentcore_cli.local.sessions.background import Background
from agentcore_cli.local.sessions.health import HealthMonitor
from agentcore_cli.local.sessions.health_state import HealthState
from agentcore_cli.local.sessions.ledger import SessionLedger
from agentcore_cli.local.sessions.log_files import LogFiles
from agentcore_cli.local.sessions.provisioning import refusal, until_ready
from agentcore_cli.local.sessions.schedule import Schedule
from agentcore_cli.local.sessions.session import Activity, Session, SessionKey
from agentcore_cli.local.sessions.session_storage import SessionStorage
from agentcore_cli.local.sessions.trials import Trials
from agentcore_cli.local.storage import Kept, Storages

SLOW_START_SECONDS: Final = 3.0  # what the fault slow-start adds
LAST_WORDS_SECONDS: Final = 5.0  # how long the rest of an answer may take once its agent has gone
BEGUN_MAX: Final = 100  # living sessions that sessions of one runtime called for: an agent can call itself

_log = logging.getLogger(__name__)


class LiveSessions:
    """All sessions of the server. Everything runs on the server's event loop."""

    def __init__(
        self,
        home: Home,
        sandbox: Sandboxes,
        programs: Programs,
        credentials: SessionCredentials,
        tokens: SessionTokens,
        ledger: SessionLedger,
        clock: Clock,
        faults: Faults,
    ) -> None:
        self.storages = Storages(home, clock, self._end_overfull)
        self._storage = SessionStorage(self.storages, sandbox)
        self._sandbox = sandbox
        self._programs = programs
        self._credentials = credentials
        self._tokens = tokens
        self._ledger = ledger
        self._clock = clock
        self._faults = faults
        self._live: dict[SessionKey, Session] = {}
        self._starts = 0
        self._closing = False
        self._background = Background("a session", _log)
        self._logs = LogFiles(home, self._background)
        self._trials = Trials(
            lambda it: self._background.start(self.end(it, "the trial was over")), credentials, tokens
        )
        self._schedule = Schedule(clock)
        self._health = HealthMonitor(self._schedule, clock, faults, self.end)
        self._scheduling: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to look after sessions, once the event loop runs."""
        self.storages.sweep()
        self._ledger.recover(self._clock.now())
        self._scheduling = asyncio.create_task(self._schedule.run())

    async def close(self) -> None:
        """End every session and take no more."""
        self._closing = True
        await self._end_all(self._live.values(), "the local runtime was stopped")
        self._health.close()
        if self._scheduling is not None:
            self._scheduling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._scheduling
        await self.storages.shut()

    async def enter(
        self, version: Resolved, session_id: str, remark: str = "", *, by: TokenGrant | None = None
    ) -> Session:
        """The session of this id, started if there is none; its log begins with the `remark` then.

        `by` is the grant of the session that calls, where one does. Raises ServiceFault: 402 when those of its runtime
        have called for too many, 409 while another operation starts or ends it, 424 when its agent does not start.
        """
        key = SessionKey(version.runtime_id, version.endpoint, session_id)
        if (session := self._live.get(key)) is None:
            return await self._start(key, version, remark=remark, begun_by=by and by.runtime_id)
        if session.state not in ("active", "idle"):
            raise ServiceFault.retryable_conflict()
        return session

    async def try_out(self, version: Resolved, session_id: str) -> None:
        """See a session of the version start, before anybody can call one. Raises ServiceFault as `enter`."""
        key = SessionKey(version.runtime_id, version.endpoint, session_id)
        session = await self._start(key, version, is_trial=True)
        self._trials.succeeded(session)

    def begin(self, session: Session, exchange: Activity) -> None:
        """A request enters the session: it is active until `finish`."""
        session.begin(exchange, self._clock.moment())
        self._health.watch(session)

    def finish(self, session: Session, exchange: Activity) -> None:
        session.end(exchange, self._clock.moment())

    def join(self, session: Session, conversation: Activity) -> None:
        """A connection is there until `leave`. It is cut with the session, and does not keep that alive by itself."""
        session.conversations.add(conversation)
        session.invocations += 1
        self.touch(session)

    def touch(self, session: Session) -> None:
        """Something came by a connection."""
        session.touch(self._clock.moment())

    def leave(self, session: Session, conversation: Activity) -> None:
        session.conversations.discard(conversation)

    async def stop(self, runtime_id: str, endpoint: str, session_id: str) -> None:
        """End one session on request. Raises ServiceFault: 404 when it does not run, 409 while it starts or ends."""
        session = self.find(SessionKey(runtime_id, endpoint, session_id))
        if session.state not in ("active", "idle"):
            raise ServiceFault.retryable_conflict()
        await self.end(session, "stopped on request")

    async def end_where(self, belongs: Callable[[Session], bool], reason: str) -> None:
        """End every session that `belongs` says yes to, whatever state it is in."""
        await self._end_all([session for session in self._live.values() if belongs(session)], reason)

    async def end(self, session: Session, reason: str) -> None:
        """End a session and return when nothing of it runs any more."""
        if session.state == "provisioning":
            session.doom(reason)
            await session.gone.wait()
        elif session.state in ("active", "idle"):
            session.state, session.end_reason = "stopping", reason
            session.cut()
            await self._tear_down(session, reason)
        else:
            await session.gone.wait()

    async def catch_up(self) -> None:
        """Return when the sessions whose time is over by the clock have ended; see `HealthMonitor.catch_up`."""
        await self._health.catch_up(self._live)
        self.storages.expire()

    def find(self, key: SessionKey) -> Session:
        """One that lives. Raises ServiceFault 404."""
        if (session := self._live.get(key)) is None:
            raise ServiceFault.not_found("Session not found or already terminated")
        return session

    def count(self) -> int:
        return len(self._live)

    def starting(self) -> list[Session]:
        return [each for each in self._live.values() if each.state == "provisioning"]

    def records(self, runtime_arn: str | None = None) -> list[SessionRecord]:
        """Living sessions, then ended ones, newest first."""
        for session in self._live.values():
            self._storage.look_at(session)
        asked_for = [it for it in self._live.values() if runtime_arn in (None, it.version.runtime_arn)]
        living = [session.record(self._level(session)) for session in asked_for if not session.is_trial]
        return sorted(living, key=lambda record: -record.started_at) + self._ledger.past(runtime_arn)

    def _level(self, session: Session) -> Level:
        return self._sandbox.level_of(session.program)

    async def _end_all(self, sessions: Iterable[Session], reason: str) -> None:
        """One that can't be ended well does not keep the others."""
        ends = [self._background.start(self.end(session, reason)) for session in sessions]
        await asyncio.gather(*ends, return_exceptions=True)

    async def _start(
        self,
        key: SessionKey,
        version: Resolved,
        *,
        remark: str = "",
        is_trial: bool = False,
        begun_by: str | None = None,
    ) -> Session:
        if self._closing:
            raise ServiceFault(503, "ServiceUnavailableException", "the local runtime is being stopped")
        if begun_by and sum(session.begun_by == begun_by for session in self._live.values()) >= BEGUN_MAX:
            raise ServiceFault.quota(f"The agent has called for {BEGUN_MAX} sessions that live")
        may_have_begun = not (is_trial or remark or "slow-start" in self._faults.armed())
        if may_have_begun and (begun := self._trials.take(version)) is not None:
            self._live[key] = self._live.pop(begun.key)
            self._trials.turn_into(key, begun, self._clock.moment())
            begun.begun_by = begun_by
            self._ledger.record(begun, self._level(begun))
            return begun
        session = self._new(key, version, is_trial=is_trial)
        session.begun_by = begun_by
        self._live[key] = session
        try:
            if remark:
                logs.begin(session.log, remark)
            await self._provision(session)
        except Exception as error:  # whatever it is, the id is not left behind in provisioning
            session.state = "stopping"
            await self._tear_down(session, str(error), grace=1.0)
            raise refusal(error, session) from error
        session.state = "idle"
        self._health.watch(session)
        if session.process is not None and session.process.exited.done():
            self._exited(session)
        return session

    def _new(self, key: SessionKey, version: Resolved, *, is_trial: bool) -> Session:
        now = self._clock.moment()
        self._starts += 1
        name = f"s{self._starts}-{secrets.token_hex(4)}"
        session = Session(key, version, name, self._logs.new(key, self._live), now, HealthState(now.awake), is_trial)
        session.token = self._tokens.issue(session.grant)
        return session

    async def _provision(self, session: Session) -> None:
        if self._faults.strike("slow-start"):
            await self._clock.sleep(SLOW_START_SECONDS)
        program = session.program = await self._programs.find(session.version)
        self._programs.hold(program)
        self._credentials.look_ahead(session.version.runtime_arn)
        environment = self._credentials.session_environment(session.version, session.key.endpoint, session.token)
        environment |= await self._storage.open(session, program)
        spec = SessionSpec(session.name, environment, session.log, session.storage and session.storage.storage)
        process = session.process = await self._sandbox.start(program, spec)
        session.pool = Pool(process.address)
        process.exited.add_done_callback(lambda _: self._exited(session))
        self._ledger.record(session, self._level(session))
        await until_ready(session, self._clock)
        await self._storage.mount(session, program)

    def _end_overfull(self, kept: Kept, excess: str) -> None:
        session = next((session for session in self._live.values() if session.storage == kept), None)
        if session is not None:
            self._background.start(self.end(session, f"was ended: its session storage holds too much, {excess}"))

    def _exited(self, session: Session) -> None:
        """The agent's process has ended by itself: what it still said is delivered, then the session is over."""
        if session.state in ("active", "idle"):
            session.state = "stopping"
            self._background.start(self._bury(session))

    async def _bury(self, session: Session) -> None:
        assert session.process is not None, "only a started process can exit"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await session.quiet.wait()
        await self._tear_down(session, f"the agent {session.process.exited.result().describe()}")

    async def _tear_down(self, session: Session, reason: str, grace: float = 5.0) -> None:
        session.wake()
        try:
            if session.process is not None:
                await session.process.stop(grace)
        except SandboxError:
            _log.exception("session %s could not be cleaned up", session.name)
        finally:
            session.cut()
            await self._forget(session, reason)

    async def _forget(self, session: Session, reason: str) -> None:
        await self._storage.close(session)
        session.state = "stopped"
        self._tokens.revoke(session.token)
        session.ended_at, session.end_reason = self._clock.now(), reason
        self._live.pop(session.key, None)
        self._ledger.record(session, self._level(session))
        try:
            if session.program is not None:
                await self._programs.release(session.program)
        finally:
            session.gone.set()
