"""The fake machine's clocks against what a machine's do."""

from __future__ import annotations

from tests.fakes.machine_time import MachineTime


def test_what_passes_when() -> None:
    machine = MachineTime()
    told, ran = machine.told, machine.ran
    machine.run(10)
    machine.sleep(100)
    machine.set(-1000)
    assert (machine.told - told, machine.ran - ran) == (10 + 100 - 1000, 10)
    assert machine.clock.awake() == machine.ran
