"""Time as the local runtime sees it; `agentcore local clock advance 16m` moves it."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Wall-clock seconds since the epoch, plus what tests advanced it by. It never runs backwards."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._moved = asyncio.Event()
        self._advances: list[tuple[float, float]] = []  # when, in machine time, and by how many seconds

    def now(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> float:
        """Move the clock forward and wake every `sleep`; gives the new time. Raises ValueError for a step back."""
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
        """Return when this clock has moved on by `seconds`, really or by `advance`."""
        due = self.now() + seconds
        while (left := due - self.now()) > 0:
            try:
                async with asyncio.timeout(left):  # not wait_for: before 3.12 it can swallow a cancellation
                    await self._moved.wait()
            except TimeoutError:
                pass
