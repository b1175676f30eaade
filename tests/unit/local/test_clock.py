"""Two readings of the time, and neither runs backwards."""

from __future__ import annotations

import asyncio

import pytest

from agentcore_cli.local.clock import Clock
from tests.fakes.machine_time import MachineTime


def test_a_wall_clock_that_is_set_back_does_not_take_it_along() -> None:
    machine = MachineTime()
    shown = machine.clock.now()
    machine.set(-3600)
    assert machine.clock.now() == shown
    machine.run(3601)
    assert machine.clock.now() == shown + 1


@pytest.mark.parametrize("step", [-3600.0, 0.0, 3600.0])
def test_spans_do_not_look_at_the_wall(step: float) -> None:
    machine = MachineTime()
    before = machine.clock.awake()
    machine.set(step)
    machine.run(5)
    assert machine.clock.awake() - before == 5


def test_a_span_leaves_out_what_the_machine_slept_and_the_time_of_day_does_not() -> None:
    machine = MachineTime()
    before = machine.clock.moment()
    machine.sleep(8 * 3600)
    after = machine.clock.moment()
    assert (after.awake - before.awake, after.now - before.now) == (0, 8 * 3600)


def test_an_advance_moves_both() -> None:
    clock = MachineTime().clock
    before = clock.moment()
    assert clock.advance(60) == before.now + 60
    assert clock.awake() == before.awake + 60


async def test_a_sleep_ends_when_the_machine_was_awake_for_as_long() -> None:
    machine = MachineTime()
    sleeping = asyncio.ensure_future(machine.clock.sleep(60))
    await asyncio.sleep(0)
    machine.sleep(3600)
    machine.run(59)
    await asyncio.sleep(0.01)
    assert not sleeping.done()
    machine.run(1)
    async with asyncio.timeout(60):
        await sleeping


def test_it_is_not_moved_back() -> None:
    with pytest.raises(ValueError, match="only moves forward"):
        Clock().advance(-1)
