"""What was just read is not read again."""

from __future__ import annotations

import asyncio

import pytest

from agentcore_cli.operations.page.memo import MOST, Memo


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_work_is_done_once_for_all_who_ask_at_once_and_again_later() -> None:
    time, done = Time(), []
    memo = Memo(time)

    def work() -> int:
        done.append(1)
        return len(done)

    assert await asyncio.gather(*(memo.of("a", 5, work) for _ in range(3))) == [1, 1, 1]
    time.now = 4.9
    assert await memo.of("a", 5, work) == 1
    time.now = 5.0
    assert await memo.of("a", 5, work) == 2
    assert await memo.of("b", 5, work) == 3


async def test_a_failure_is_told_to_all_and_passes() -> None:
    time = Time()
    memo = Memo(time)

    def fail() -> None:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            await memo.of("a", 5, fail)
    time.now = 5.0
    assert await memo.of("a", 5, lambda: "well") == "well"


async def test_it_does_not_grow_without_end() -> None:
    memo = Memo(Time())
    for number in range(MOST + 10):
        await memo.of(number, 60, lambda: None)
    assert len(memo._known) == MOST
