"""The waiter: how its pauses grow, and when it gives up."""

from __future__ import annotations

import itertools

from agentcore_cli.waiting import Waiter


def test_pauses_grow_up_to_the_longest() -> None:
    slept: list[float] = []
    waiter = Waiter(0.5, 3.0, sleep=slept.append)
    assert not waiter.is_slow
    for _ in range(5):
        waiter.pause()
    assert slept == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert waiter.is_slow


def test_with_jitter_they_are_up_to_half_shorter() -> None:
    slept: list[float] = []
    waiter = Waiter(1.0, 1.0, jitter=True, sleep=slept.append)
    for _ in range(100):
        waiter.pause()
    assert len(set(slept)) > 1
    assert all(0.5 <= seconds <= 1.0 for seconds in slept)


def test_it_is_over_when_the_next_pause_would_end_too_late() -> None:
    assert not Waiter(1.0, 1.0).is_over(10.0)
    assert Waiter(11.0, 11.0).is_over(10.0)


def test_it_looks_until_it_is_so_or_time_is_over() -> None:
    looks = itertools.count(1)
    assert Waiter(1.0, 1.0, sleep=lambda seconds: None).until(lambda: next(looks) == 3, 10.0)
    assert next(looks) == 4
    assert not Waiter(1.0, 1.0).until(lambda: False, 0.5)
