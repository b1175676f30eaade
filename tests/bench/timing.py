"""Times taken side by side: the machine's mood falls on both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial

Timed = Callable[[], object]


def seconds(work: Timed) -> float:
    """How long one call of `work` takes, seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(contestants: Mapping[str, Timed], rounds: int) -> dict[str, float]:
    """The median time of each contestant, seconds, taken in turns after one round that is not counted."""
    return interleaved({name: partial(seconds, work) for name, work in contestants.items()}, rounds)


def interleaved(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of what each contestant returns, called in turns after one round that is not counted."""
    samples: dict[str, list[float]] = {name: [] for name in contestants}
    for count in range(rounds + 1):
        for name, sample in contestants.items():
            taken = sample()
            if count:
                samples[name].append(taken)
    return {name: statistics.median(taken) for name, taken in samples.items()}
