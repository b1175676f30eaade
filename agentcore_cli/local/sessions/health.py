"""Which sessions go on and which end: pings, the idle timeout, the maximum lifetime, requests without end.

Every session has one entry in the schedule, its next check. A check pings the agent and then judges, so that no
session is called idle on old news. How often: every two seconds while something runs in it, then ever more rarely,
the longer it has been quiet. Times are the clock's `awake`: neither a timeout nor a lifetime counts what the machine
slept. Nothing that an agent says, and no fault of ours in taking it in, ends the looking. Sources: runtime-sessions,
runtime-lifecycle-settings, runtime-long-run.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from agentcore_cli.contract import PROTOCOLS, SYNC_REQUEST_SECONDS
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.pool import Pool
from agentcore_cli.local.http.upstream import UpstreamLost
from agentcore_cli.local.protocol import SessionVitals
from agentcore_cli.local.sessions.schedule import GRAIN_SECONDS, Schedule
from agentcore_cli.local.sessions.session import Session, SessionKey
from agentcore_cli.local.sessions.usage import SessionUsage

BUSY_PING_SECONDS: Final = 2.0
IDLE_PING_SECONDS: Final = 30.0
DROWSY_SECONDS: Final = 5.0  # of idleness, after which an agent's timers need no longer be punctual
PING_TIMEOUT: Final = 10.0  # real seconds: an agent that blocks for three of these in a row is taken for dead
PINGS_AT_ONCE: Final = 32
CATCH_UP_SECONDS: Final = 15.0  # a termination may take as long (runtime-lifecycle-settings)
STREAM_SECONDS: Final = 3600.0  # bedrock-agentcore-limits: a streaming answer's longest time
PING_BODY_MAX: Final = 65_536  # bytes

_log = logging.getLogger(__name__)


class PingFailed(Exception):
    """The agent did not answer its health path with 200."""


class PingRefused(PingFailed):
    """It answered with another status."""

    def __init__(self, health: str, status: int) -> None:
        super().__init__(f"{health} answered {status}")
        self.status = status


# An agent whose server is instrumented would begin a trace for each look at it; this is one that nobody wants.
_UNTRACED: Final = f"traceparent: 00-{'1' * 32}-{'1' * 16}-00"


async def ping(pool: Pool, health: str, port: int) -> bytes:
    """GET the health path; gives the body of a 200. Raises PingRefused for another status, or PingFailed."""
    request = f"GET {health} HTTP/1.1\r\nhost: localhost:{port}\r\naccept: application/json\r\n{_UNTRACED}\r\n\r\n"
    status, body = await ask(pool, request.encode())
    if status != 200:
        raise PingRefused(health, status)
    return body


async def ask(pool: Pool, request: bytes) -> tuple[int, bytes]:
    """One small request to the agent: status and body. Raises PingFailed when there is no whole answer."""
    try:
        connection = await pool.acquire()
    except (OSError, UpstreamLost) as error:
        raise PingFailed("nothing listens") from error
    try:
        connection.begin(request)
        head = await connection.head()
        body = bytearray()
        while len(body) < PING_BODY_MAX and (data := await connection.chunk()):
            body += data
        return head.status, bytes(body)
    except UpstreamLost as error:
        raise PingFailed("the connection was closed without an answer") from error
    finally:
        pool.release(connection)


class HealthMonitor:
    """Looks after every session that has started. `end` is called, once, with a session and the reason to end it."""

    def __init__(
        self, schedule: Schedule, clock: Clock, faults: Faults, end: Callable[[Session, str], Awaitable[None]]
    ) -> None:
        self._schedule = schedule
        self._clock = clock
        self._faults = faults
        self._end = end
        self._checks: set[asyncio.Task[None]] = set()
        self._at_once = asyncio.Semaphore(PINGS_AT_ONCE)

    def watch(self, session: Session) -> None:
        """Look at the session from time to time; a request in it calls for a look soon."""
        self._check_by(session, next_check(session, self._clock.awake()))

    def is_due(self, session: Session) -> bool:
        """Whether the session is being looked at or should have been by now, or is on its way out."""
        overdue = session.state in ("active", "idle") and session.next_check <= self._clock.awake()
        return overdue or session.being_checked or session.state == "stopping"

    async def catch_up(self, live: Mapping[SessionKey, Session]) -> None:
        """Return when all that were due have been looked at, and have ended, but after `CATCH_UP_SECONDS` anyway."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CATCH_UP_SECONDS):
                while any(self.is_due(session) for session in live.values()):
                    await asyncio.sleep(GRAIN_SECONDS)

    def close(self) -> None:
        for check in self._checks:
            check.cancel()

    def _check_by(self, session: Session, due: float) -> None:
        if session.next_check <= self._clock.awake() or due < session.next_check:
            session.next_check = due
            self._schedule.at(due, lambda: self._due(session, due))

    def _due(self, session: Session, due: float) -> None:
        if session.next_check != due or session.being_checked or session.state not in ("active", "idle"):
            return  # another check takes this one's place, or the session is on its way out
        session.being_checked = True
        check = asyncio.create_task(self._check(session))
        self._checks.add(check)
        check.add_done_callback(self._checked)

    def _checked(self, check: asyncio.Task[None]) -> None:
        self._checks.discard(check)
        if not check.cancelled() and check.exception() is not None:
            _log.error("a session could not be checked", exc_info=check.exception())

    async def _check(self, session: Session) -> None:
        try:
            cut_overdue(session, self._clock.awake())
            if not outlived(session, self._clock.awake()):
                async with self._at_once:
                    await self._ping(session)
        finally:
            session.being_checked = False
        session.settle()
        if reason := verdict(session, self._clock.awake()):
            await self._end(session, reason)
            return
        if session.state == "idle" and self._clock.awake() - session.idle_since >= DROWSY_SECONDS:
            session.rest()
        self.watch(session)

    async def _ping(self, session: Session) -> None:
        """One ping; MCP has no health path, there only the end of the process tells."""
        contract = PROTOCOLS[session.version.settings.protocol]
        if contract.health is None or session.pool is None:
            return
        session.pool.trim()
        try:
            if self._faults.strike("ping-dead"):
                raise PingFailed("the fault ping-dead")
            async with asyncio.timeout(PING_TIMEOUT):
                body = await ping(session.pool, contract.health, session.version.settings.port)
            session.vitals.answered(body, self._clock.awake())
        except (PingFailed, TimeoutError):
            session.vitals.failed()
        except Exception:
            _log.exception("the ping of session %s could not be taken in", session.name)
            session.vitals.failed()


def verdict(session: Session, now: float) -> str | None:
    """Why the session has to end now, or None."""
    settings = session.version.settings
    if outlived(session, now):
        return f"reached its maximum lifetime of {settings.max_lifetime} s"
    if session.vitals.dead and not settings.waits_for_editor:
        return f"failed {session.vitals.failures} health checks in a row"
    if session.state == "idle" and now - session.idle_since >= settings.idle_timeout:
        return f"was idle for {settings.idle_timeout} s"
    return None


def outlived(session: Session, now: float) -> bool:
    """Whether the session is older than it may become, whatever it is doing."""
    return now - session.started.awake >= session.version.settings.max_lifetime


def vitals_of(session: Session, now: float, used: SessionUsage | None) -> SessionVitals:
    """How a session does, by the clock's `awake`."""
    settings, pings = session.version.settings, session.vitals
    health = "HealthyBusy" if pings.busy else "Unhealthy" if pings.failures else "Healthy"
    quiet = now - session.idle_since if session.state == "idle" else 0.0
    return SessionVitals(
        state=session.state,
        health=health if session.state in ("active", "idle") else session.state,
        idle_left=max(0.0, settings.idle_timeout - quiet),
        life_left=max(0.0, session.started.awake + settings.max_lifetime - now),
        memory_bytes=used and used.memory_bytes,
        cpu_seconds=used and used.cpu_seconds,
    )


def next_check(session: Session, now: float) -> float:
    """When to look at the session again."""
    lifetime_ends = session.started.awake + session.version.settings.max_lifetime
    if session.state == "active" or session.vitals.failures:
        return min(now + BUSY_PING_SECONDS, lifetime_ends)
    quiet = now - session.idle_since
    pause = min(max(quiet, BUSY_PING_SECONDS), IDLE_PING_SECONDS)
    return min(now + pause, session.idle_since + session.version.settings.idle_timeout, lifetime_ends)


def cut_overdue(session: Session, now: float) -> None:
    """Cut requests that have run into the service's limits: 15 minutes without an answer, an hour of stream."""
    for exchange, began in list(session.exchanges.items()):
        if now - began >= (STREAM_SECONDS if exchange.begun else SYNC_REQUEST_SECONDS):
            exchange.overdue = True
            exchange.cut()
