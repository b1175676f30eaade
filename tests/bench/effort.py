"""How much is measured: enough for a quick look, or enough to quote."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """`rounds` of whole processes, `calls` on one connection, seconds for each load, `sessions` alive at once."""

    rounds: int
    calls: int
    load_seconds: int
    sessions: int
    idle_seconds: int


QUICK = Effort(rounds=5, calls=300, load_seconds=3, sessions=100, idle_seconds=5)
FULL = Effort(rounds=15, calls=1000, load_seconds=6, sessions=1000, idle_seconds=15)
