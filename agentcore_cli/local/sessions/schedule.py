"""Things to do at a time on the clock: one task and one heap for any number of them."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from typing import Final

from agentcore_cli.local.clock import Clock

GRAIN_SECONDS: Final = 0.02  # what falls due this close together is done in one go
FOREVER: Final = 3600.0  # how long to sleep when there is nothing to do


class Schedule:
    """Calls back when the time has come, really or because the clock was advanced. `run` has to be running."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._order = itertools.count()
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._sleep: asyncio.Task[None] | None = None
        self._wakes_at = float("inf")

    def at(self, due: float, call: Callable[[], None]) -> None:
        """Have `call` called once the clock's `awake` is `due`."""
        heapq.heappush(self._entries, (due, next(self._order), call))
        if due < self._wakes_at and self._sleep is not None:
            self._sleep.cancel()

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._call_what_is_due()
            now = self._clock.awake()
            self._wakes_at = self._entries[0][0] if self._entries else now + FOREVER
            self._sleep = asyncio.ensure_future(self._clock.sleep(max(self._wakes_at - now, GRAIN_SECONDS)))
            try:
                await asyncio.wait({self._sleep})
            finally:
                self._sleep.cancel()

    def _call_what_is_due(self) -> None:
        now = self._clock.awake()
        while self._entries and self._entries[0][0] <= now:
            heapq.heappop(self._entries)[2]()
