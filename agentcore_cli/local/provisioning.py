"""From a started process to an agent that serves: the wait for its first good ping."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from agentcore_cli.contract import PROTOCOLS
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.health import PingFailed, ask, ping
from agentcore_cli.local.session import Session
from agentcore_cli.local.upstream import Pool

RETRY_SECONDS: Final = 0.02  # real time between two pings that fail at once; doubled each time, up to the next
RETRY_SECONDS_MAX: Final = 0.5


class StartFailed(Exception):
    """The agent will not serve; the text is for the caller."""


async def until_ready(session: Session, clock: Clock) -> None:
    """Return when the agent has answered its health path with 200.

    Raises StartFailed when it exits before, when it takes longer than the service allows, or when the session is
    no longer wanted.
    """
    process, pool, program = session.process, session.pool, session.program
    assert process is not None
    assert pool is not None
    assert program is not None
    ready = asyncio.ensure_future(_serving(session, pool))
    too_late = asyncio.ensure_future(clock.sleep(program.initialization_seconds))
    try:
        news: set[asyncio.Future[Any]] = {ready, too_late, process.exited, session.doomed}
        await asyncio.wait(news, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ready.cancel()
        too_late.cancel()
    if ready.done() and not ready.cancelled():
        ready.result()
        return
    if session.doomed.done():
        raise StartFailed(f"Runtime session was ended: {session.doomed.result()}")
    if process.exited.done():
        raise StartFailed(f"Runtime {process.exited.result().describe()} before it served a request.")
    raise StartFailed(too_slow(program.initialization_seconds))


def too_slow(seconds: int) -> str:
    """The service's own words (runtime-troubleshooting)."""
    return f"Runtime initialization time exceeded. Please make sure that initialization completes in {seconds}s."


async def _serving(session: Session, pool: Pool) -> None:
    pause = RETRY_SECONDS
    while not await _answers(session, pool):
        await asyncio.sleep(pause)
        pause = min(pause * 2, RETRY_SECONDS_MAX)


async def _answers(session: Session, pool: Pool) -> bool:
    """Whether the health path gives 200; where the protocol has none (MCP), whether anything is answered at all."""
    settings = session.version.settings
    health = PROTOCOLS[settings.protocol].health
    try:
        if health is None:
            await ask(pool, f"GET / HTTP/1.1\r\nhost: localhost:{settings.port}\r\n\r\n".encode())
        else:
            session.vitals.answered(await ping(pool, health, settings.port), session.started.awake)
    except PingFailed:
        return False
    return True
