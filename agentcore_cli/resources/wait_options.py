"""How long to wait for something that AWS does by and by, and how often to look."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agentcore_cli.errors import StillInProgressError
from agentcore_cli.waiting import Waiter

FIRST_LOOK: Final = 0.02  # seconds; the local runtime is ready within tens of milliseconds
_LONGEST_PAUSE: Final = 2.0


@dataclass(frozen=True, slots=True)
class WaitOptions:
    """Whether to wait until it is ready, for how many seconds, and after how many to look for the first time."""

    wait: bool = True
    seconds: float = 900.0
    first: float = FIRST_LOOK

    def until(
        self,
        is_so: Callable[[], bool],
        subject: str,
        what: str,
        *,
        pause: Callable[[float], None] = time.sleep,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Look again and again, ever more rarely, until it is so. Raises StillInProgressError (7) when time is up."""
        waiter = Waiter(self.first, _LONGEST_PAUSE, factor=1.5, sleep=pause)
        while not is_so():
            if waiter.is_over(self.seconds):
                raise StillInProgressError(f"{subject}: after {self.seconds:g} s still waiting until {what}")
            if tell and waiter.is_slow:
                tell(f"waiting until {what}")
            waiter.pause()
