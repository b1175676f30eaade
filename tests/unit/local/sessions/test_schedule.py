"""One task, one heap, an advanced clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.sessions.schedule import Schedule
from tests.turns import turns


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Schedule, Clock, list[str]]]:
    """A schedule that runs, its clock, and a list for what is called."""
    clock = Clock()
    schedule = Schedule(clock)
    running = asyncio.create_task(schedule.run())
    await turns()
    yield schedule, clock, []
    running.cancel()
    await asyncio.wait({running})


async def test_in_order_of_time() -> None:
    async with running() as (schedule, clock, called):
        now = clock.awake()
        for name, after in (("late", 300), ("early", 100), ("later", 400), ("middle", 200)):
            schedule.at(now + after, lambda name=name: called.append(name))
        clock.advance(301)
        await turns()
    assert called == ["early", "middle", "late"]


async def test_an_earlier_entry_wakes_it() -> None:
    async with running() as (schedule, clock, called):
        schedule.at(clock.awake() + 3600, lambda: called.append("in an hour"))
        await turns()
        soon = asyncio.Event()
        schedule.at(clock.awake() + 0.05, lambda: (called.append("soon"), soon.set()))
        await soon.wait()
    assert called == ["soon"]


async def test_an_entry_at_the_moment_of_an_advance() -> None:
    """The clock moves and an earlier entry comes in the same step: neither is lost."""
    async with running() as (schedule, clock, called):
        schedule.at(clock.awake() + 3600, lambda: called.append("in an hour"))
        await turns()
        clock.advance(10)
        schedule.at(clock.awake() + 1, lambda: called.append("soon"))
        await turns()
        clock.advance(1)
        await turns()
        clock.advance(3600)
        await turns()
    assert called == ["soon", "in an hour"]


async def test_entries_that_make_entries() -> None:
    async with running() as (schedule, clock, called):

        def again() -> None:
            called.append("tick")
            schedule.at(clock.awake() + 10, again)

        schedule.at(clock.awake(), again)
        for _ in range(3):
            await turns()
            clock.advance(10)
        await turns()
    assert called == ["tick"] * 4
