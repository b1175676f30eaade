"""How much is measured: enough for a quick look, or enough to quote."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """`rounds` of whole processes, `calls` on one connection, seconds for each load, `sessions` alive at once.

    A build under emulation is stopped after `emulated_seconds`; `image_megabytes` has the image that memory is measured
    with.
    """

    rounds: int
    calls: int
    load_seconds: int
    sessions: int
    idle_seconds: int
    emulated_seconds: int
    image_megabytes: int


QUICK = Effort(
    rounds=5, calls=300, load_seconds=3, sessions=100, idle_seconds=5, emulated_seconds=60, image_megabytes=100
)
FULL = Effort(
    rounds=15, calls=1000, load_seconds=6, sessions=1000, idle_seconds=15, emulated_seconds=900, image_megabytes=1024
)
