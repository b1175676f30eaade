"""One task, one heap, an advanced clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.sessions.schedule import Schedule
from tests.turns import turns


def with_schedule(use: Callable[[Schedule, Clock, list[str]], Awaitable[None]]) -> list[str]:
    """Run `use` beside a schedule; gives what was called."""
    called: list[str] = []

    async def scenario() -> None:
        clock = Clock()
        schedule = Schedule(clock)
        running = asyncio.create_task(schedule.run())
        await turns()
        await use(schedule, clock, called)
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(scenario())
    return called


def test_in_order_of_time() -> None:
    async def use(schedule: Schedule, clock: Clock, called: list[str]) -> None:
        now = clock.awake()
        for name, after in (("late", 300), ("early", 100), ("later", 400), ("middle", 200)):
            schedule.at(now + after, lambda name=name: called.append(name))
        clock.advance(301)
        await turns()

    assert with_schedule(use) == ["early", "middle", "late"]


def test_an_earlier_entry_wakes_it() -> None:
    async def use(schedule: Schedule, clock: Clock, called: list[str]) -> None:
        schedule.at(clock.awake() + 3600, lambda: called.append("in an hour"))
        await turns()
        soon = asyncio.Event()
        schedule.at(clock.awake() + 0.05, lambda: (called.append("soon"), soon.set()))
        await soon.wait()

    assert with_schedule(use) == ["soon"]


def test_an_entry_at_the_moment_of_an_advance() -> None:
    """The clock moves and an earlier entry comes in the same step: neither is lost."""

    async def use(schedule: Schedule, clock: Clock, called: list[str]) -> None:
        schedule.at(clock.awake() + 3600, lambda: called.append("in an hour"))
        await turns()
        clock.advance(10)
        schedule.at(clock.awake() + 1, lambda: called.append("soon"))
        await turns()
        clock.advance(1)
        await turns()
        clock.advance(3600)
        await turns()

    assert with_schedule(use) == ["soon", "in an hour"]


def test_entries_that_make_entries() -> None:
    async def use(schedule: Schedule, clock: Clock, called: list[str]) -> None:
        def again() -> None:
            called.append("tick")
            schedule.at(clock.awake() + 10, again)

        schedule.at(clock.awake(), again)
        for _ in range(3):
            await turns()
            clock.advance(10)
        await turns()

    assert with_schedule(use) == ["tick"] * 4
