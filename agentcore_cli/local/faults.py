"""Faults that tests switch on: `agentcore local fault throttle --count 2`."""

from __future__ import annotations

from typing import Final, get_args
from typing import Literal as _Literal

Fault = _Literal[
    "create-failed",
    "not-ready",
    "throttle",
    "slow-start",
    "not-found-after-ready",
    "ping-dead",
    "role-unusable",
    "no-mmdsv2",
]
FAULTS: Final[tuple[str, ...]] = get_args(Fault)


class Faults:
    """How many more times each fault strikes."""

    def __init__(self) -> None:
        self._armed: dict[str, int] = {}

    def arm(self, fault: Fault, count: int) -> None:
        self._armed[fault] = count

    def strike(self, fault: Fault) -> bool:
        """Whether this fault strikes now; uses one of its strikes up."""
        left = self._armed.get(fault, 0)
        if left:
            self._armed[fault] = left - 1
        return bool(left)

    def armed(self) -> dict[str, int]:
        return {fault: count for fault, count in self._armed.items() if count}
