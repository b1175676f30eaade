"""To try or look again after a pause, ever more rarely: the one loop of all that is polled. Standard library only."""

from __future__ import annotations

import time
from collections.abc import Callable


class Waiter:
    """Pauses of `first` seconds, each `factor` times the one before, up to `longest`; with `jitter` up to half shorter.

    `sleep` makes a pause, and may end the waiting by raising.
    """

    def __init__(
        self,
        first: float,
        longest: float,
        *,
        factor: float = 2.0,
        jitter: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.seconds = first
        self._longest = longest
        self._factor = factor
        self._jitter = jitter
        self._sleep = sleep
        self._began = time.monotonic()

    @property
    def is_slow(self) -> bool:
        """Whether the pauses grow no more."""
        return self.seconds >= self._longest

    def is_over(self, patience: float) -> bool:
        """Whether the next pause would end later than `patience` seconds after the waiter was made."""
        return time.monotonic() - self._began + self.seconds > patience

    def pause(self) -> None:
        self._sleep(self.seconds * _fraction() if self._jitter else self.seconds)
        self.seconds = min(self.seconds * self._factor, self._longest)

    def until(self, is_so: Callable[[], bool], patience: float) -> bool:
        """Look until it is so; False when it has not become so in time."""
        while not is_so():
            if self.is_over(patience):
                return False
            self.pause()
        return True


def _fraction() -> float:
    import random  # 2 ms, which only a retry needs

    return random.uniform(0.5, 1.0)
