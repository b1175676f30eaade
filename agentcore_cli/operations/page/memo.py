"""What was just read is not read again: a page looks each second, and what it reads of AWS is limited or paid for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

MOST: Final = 256  # results that are kept

T = TypeVar("T")


class Memo:
    """Work that several ask for at once is done once, in a thread. `now` counts seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    async def of(self, key: Hashable, seconds: float, work: Callable[[], T]) -> T:
        """What `work` gives, or gave within the last `seconds`. Raises what it raises, which is remembered, too."""
        began, task = self._known.get(key, (float("-inf"), None))
        if task is None or (task.done() and self._now() - began >= seconds):
            task = asyncio.create_task(asyncio.to_thread(work))
            self._known.pop(key, None)
            self._known[key] = (self._now(), task)
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        result: T = await asyncio.shield(task)
        return result
