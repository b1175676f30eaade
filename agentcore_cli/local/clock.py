"""Time as the local runtime sees it; `agentcore local clock advance 16m` moves it.

Two readings. `now` is what is shown and stored: the wall clock. `awake` is what spans are measured by (idle timeouts,
lifetimes, deadlines): it counts the time for which the machine was awake, so that a laptop that slept for a night ends
no session that nobody left, and a wall clock that is set anew ends none either. An advance moves both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple


class Moment(NamedTuple):
    """Both readings at once."""

    now: float
    awake: float


class Clock:
    """Neither reading ever runs backwards. `wall` and `awake` are the machine's, in seconds; a test may give its own.

    Python's monotonic clock stands still while the machine sleeps (CLOCK_MONOTONIC of Linux, mach_absolute_time of
    macOS).
    """

    def __init__(self, wall: Callable[[], float] = time.time, awake: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._awake = awake
        self._latest = 0.0
        self._ahead = 0.0
        self._moved = asyncio.Event()
        self._advances: list[tuple[float, float]] = []  # when, in machine time, and by how many seconds

    def now(self) -> float:
        """Seconds since the epoch, plus what tests advanced it by; it stands still while the wall clock catches up."""
        self._latest = max(self._latest, self._wall())
        return self._latest + self._ahead

    def awake(self) -> float:
        """Seconds since some moment for which the machine was awake, plus what tests advanced it by."""
        return self._awake() + self._ahead

    def moment(self) -> Moment:
        return Moment(self.now(), self.awake())

    def advance(self, seconds: float) -> float:
        """Move both readings forward and wake every `sleep`; gives the new `now`. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        self._ahead += seconds
        self._advances.append((time.time(), seconds))
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
        return self.now()

    def age(self, stamp: float) -> float:
        """For how many of this clock's seconds something is there that was dated by the machine's time, in seconds.

        What it was advanced by since then counts. A date names whole seconds, so the last of them is what counts.
        """
        skipped = sum(seconds for at, seconds in self._advances if at >= stamp + 1)
        return time.time() - stamp + skipped

    async def sleep(self, seconds: float) -> None:
        """Return when `awake` has moved on by `seconds`, really or by `advance`."""
        due = self.awake() + seconds
        while (left := due - self.awake()) > 0:
            try:
                async with asyncio.timeout(left):  # not wait_for: before 3.12 it can swallow a cancellation
                    await self._moved.wait()
            except TimeoutError:
                pass
