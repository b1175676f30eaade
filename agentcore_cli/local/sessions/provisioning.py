"""From a started process to an agent that serves: the wait for its first good ping.

It ends early for an agent that is up, but not where AgentCore looks (`whereabouts`).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from agentcore_cli.contract import PROTOCOLS
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.programs.sandboxes import AnyProcess
from agentcore_cli.local.sandbox import Exit, Program, SandboxError, SessionProcess
from agentcore_cli.local.sandbox.worker.loopback import ADDRESS as LOOPBACK
from agentcore_cli.local.sessions import logs, whereabouts
from agentcore_cli.local.sessions.health import PingFailed, PingRefused, ask, ping
from agentcore_cli.local.sessions.session import Session

RETRY_SECONDS: Final = 0.02  # real time between two pings that fail at once; doubled each time, up to the next
RETRY_SECONDS_MAX: Final = 0.5
LOOK_SECONDS: Final = 0.25  # real time between two looks at where it listens

_log = logging.getLogger(__name__)


class StartFailed(Exception):
    """The agent will not serve; the text is for the caller, and so are the lines of the `advice`."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


async def until_ready(session: Session, clock: Clock) -> None:
    """Return when the agent has answered its health path with 200.

    Raises StartFailed when it exits before, when it takes longer than the service allows, when it is seen to serve
    something else, or when the session is no longer wanted.
    """
    process, program = session.process, session.program
    assert process is not None
    assert program is not None
    wait = _Wait(session)
    ready = asyncio.ensure_future(wait.serving())
    elsewhere = asyncio.ensure_future(wait.elsewhere())
    settings = session.version.settings
    patience = settings.max_lifetime if settings.waits_for_editor else program.initialization_seconds
    too_late = asyncio.ensure_future(clock.sleep(patience))
    try:
        news: set[asyncio.Future[Any]] = {ready, elsewhere, too_late, process.exited, session.doomed}
        await asyncio.wait(news, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (ready, elsewhere, too_late):
            task.cancel()
    if ready.done() and not ready.cancelled():
        ready.result()
        return
    if session.doomed.done():
        raise StartFailed(f"Runtime session was ended: {session.doomed.result()}")
    if process.exited.done():
        raise _ended(session, process.exited.result())
    if elsewhere.done() and not elsewhere.cancelled():
        elsewhere.result()
    seen = wait.advice()
    raise StartFailed(" ".join(filter(None, (too_slow(patience), seen.message))), seen.lines)


async def _forward(process: AnyProcess, port: int, seen: whereabouts.Look) -> bool:
    if not isinstance(process, SessionProcess):
        return False
    return await process.forward(port, LOOPBACK if port in seen.on_loopback else "")


def _ended(session: Session, end: Exit) -> StartFailed:
    protocol = session.version.settings.protocol
    seen = whereabouts.ended(protocol, logs.tail(session.log), is_success=end.code == 0)
    message = f"Runtime {end.describe()} before it served a request."
    return StartFailed(" ".join(filter(None, (message, seen.message))), seen.lines)


def too_slow(seconds: int) -> str:
    """The service's own words (runtime-troubleshooting)."""
    return f"Runtime initialization time exceeded. Please make sure that initialization completes in {seconds}s."


class _Wait:
    """The wait for one agent, and what was seen of it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._refusals = whereabouts.Refusals()
        self._watch = whereabouts.WhereaboutsWatch()
        self._has_looked = False
        self._is_forwarded = False

    def advice(self) -> whereabouts.Advice:
        """What is known of an agent that does not serve."""
        settings = self._session.version.settings
        if self._refusals.status is not None:
            return whereabouts.refused(self._refusals.status, settings.protocol, logs.tail(self._session.log))
        if self._watch.ports and not self._is_forwarded:
            return whereabouts.elsewhere(self._watch.ports, settings.protocol, settings.port)
        if self._has_looked and not self._watch.ports:
            return whereabouts.nowhere(settings.protocol, settings.port, self._watch.doing())
        return whereabouts.Advice("")

    async def serving(self) -> None:
        """Return when it serves. Raises StartFailed when its answers to pings are another's, and stay so."""
        pause = RETRY_SECONDS
        while True:
            try:
                await self._answer()
                return
            except PingRefused as refused:
                self._refuse(refused.status)
            except PingFailed:
                self._refusals.status = None
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_SECONDS_MAX)

    async def elsewhere(self) -> None:
        """Raises StartFailed when the agent's own process has settled at other ports; never returns.

        Callers are led to a server that took its port by TCP, where the session's network is its own.
        """
        session, loop = self._session, asyncio.get_running_loop()
        port = session.version.settings.port
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if session.version.settings.waits_for_editor:
                session.seen_starting = "it waits for an editor"
                continue
            if not isinstance(session.program, Program) or session.process is None or self._refusals.status:
                continue
            try:
                seen = await asyncio.to_thread(whereabouts.look, session.process.pid)
            except OSError:
                continue  # it ends, or this system does not tell
            self._has_looked = True
            is_settled = self._watch.is_settled(seen, loop.time())
            session.seen_starting = f"nothing answers on port {port} yet; {self._watch.doing()}"
            if port in seen.ports and not self._is_forwarded:
                self._is_forwarded = await _forward(session.process, port, seen)
            if is_settled and not self._is_forwarded:
                self._give_up()

    async def _answer(self) -> None:
        """Ask the health path for 200; where the protocol has none (MCP), for anything at all. Raises PingFailed."""
        session, settings = self._session, self._session.version.settings
        assert session.pool is not None
        health = PROTOCOLS[settings.protocol].health
        if health is None:
            await ask(session.pool, f"GET / HTTP/1.1\r\nhost: localhost:{settings.port}\r\n\r\n".encode())
        else:
            session.vitals.answered(await ping(session.pool, health, settings.port), session.started.awake)

    def _refuse(self, status: int) -> None:
        lasting = self._refusals.has_lasted(status, asyncio.get_running_loop().time())
        if lasting and (whereabouts.is_final(status) or whereabouts.is_wsgi(logs.tail(self._session.log))):
            self._give_up()

    def _give_up(self) -> None:
        seen = self.advice()
        raise StartFailed(seen.message, seen.lines)


def refusal(error: Exception, session: Session) -> ServiceFault:
    """What the caller hears when a session does not start."""
    if isinstance(error, ServiceFault):
        return error
    if isinstance(error, StartFailed):
        told = [error.advice] if error.advice else []
        return ServiceFault.runtime_client_error(str(error), detail="\n".join((*told, *logs.tail(session.log))))
    if isinstance(error, ArtifactError):
        return ServiceFault.runtime_client_error(str(error))
    if not isinstance(error, (SandboxError, OSError)):
        _log.error("session %s could not be started", session.name, exc_info=error)
    return ServiceFault.internal(f"the session could not be started: {error}")
