"""A session begun ahead, for the next start of a program: its processes wait at their gate and know nothing yet.

It is made when nobody is waiting for anything: some time after the last first answer, never while a session starts. It
waits for so long and no longer, and one that has died meanwhile is as good as none.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from agentcore_cli.local.sandbox.program import SandboxError
from agentcore_cli.local.sandbox.session import SessionProcess

PAUSE_SECONDS: Final = 0.02  # between the last first answer and the making of a spare
START_SECONDS: Final = 1.0  # that a start has for its first answer, before a spare is made all the same
KEEP_SECONDS: Final = 600.0  # that a spare is kept for a start

Make = Callable[[], Awaitable[SessionProcess]]


class Standby:
    """At most one session, made by `make` and kept for `keep` seconds; none ever if `make` is None."""

    def __init__(self, make: Make | None, keep: float = KEEP_SECONDS) -> None:
        self._make = make
        self._keep = keep
        self._making: asyncio.Task[SessionProcess] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._endings: set[asyncio.Task[None]] = set()

    def due(self, delay: float = PAUSE_SECONDS) -> None:
        """Have one in `delay` seconds; said again before that, the time begins anew."""
        if self._make is not None:
            self._set_timer(delay, self._begin)

    async def take(self) -> SessionProcess | None:
        """The spare, which is the caller's from now on; None when there is none that lives."""
        self.due(START_SECONDS)
        making, self._making = self._making, None
        if making is None:
            return None
        try:
            session = await making
        except (SandboxError, OSError):  # what the machine lacked then it may have now
            return None
        return None if session.exited.done() else session

    def drop(self) -> None:
        """End it: it is not wanted, or not as it is."""
        making, self._making = self._making, None
        if making is not None:
            ending = asyncio.get_running_loop().create_task(_end(making))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def close(self) -> None:
        """No spare any more; returns when the last has gone."""
        self._make = None
        if self._timer is not None:
            self._timer.cancel()
        self.drop()
        await asyncio.gather(*self._endings)

    def _begin(self) -> None:
        self._set_timer(self._keep, self.drop)
        if self._make is not None and (self._making is None or _is_dead(self._making)):
            self._making = asyncio.ensure_future(self._make())

    def _set_timer(self, delay: float, call: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay, call)


def _is_dead(making: asyncio.Task[SessionProcess]) -> bool:
    return making.done() and (making.exception() is not None or making.result().exited.done())


async def _end(making: asyncio.Task[SessionProcess]) -> None:
    with contextlib.suppress(SandboxError, OSError):
        await (await making).stop(grace=0)
