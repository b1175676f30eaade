"""An event loop in which waiting takes no time: for scenes without sockets, threads and processes.

`runner` is for the files whose tests all run in it.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Iterator
from typing import Any

import pytest


class _Impatient(selectors.DefaultSelector):
    """Never waits for a timer: what it would have waited is in `skipped`, in seconds."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("the scene waits for something that never happens")
        found = super().select(0)
        if not found:
            self.skipped += max(timeout, 0.0)
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.skipped


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        yield runner


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene to its end: its timers fire in their order and at their times, whatever the machine is doing.

    Raises RuntimeError when nothing could ever wake it.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(scene)
