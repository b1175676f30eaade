"""A machine whose clocks a test moves: one that tells the time, and one that stands still while the machine sleeps."""

from __future__ import annotations

from agentcore_cli.local.clock import Clock


class MachineTime:
    """`clock` is the local runtime's on this machine."""

    def __init__(self) -> None:
        self.told = 1_800_000_000.0
        self.ran = 5_000.0
        self.clock = Clock(lambda: self.told, lambda: self.ran)

    def run(self, seconds: float) -> None:
        """Time passes."""
        self.told += seconds
        self.ran += seconds
        self.clock.advance(0)  # wakes whoever waits, to look again

    def sleep(self, seconds: float) -> None:
        """Time passes while the machine is suspended."""
        self.told += seconds
        self.clock.advance(0)

    def set(self, seconds: float) -> None:
        """Somebody sets the clock that tells the time, by so many seconds."""
        self.told += seconds
        self.clock.advance(0)
