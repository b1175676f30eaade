"""What a session's pings say about it (runtime-http-protocol-contract, runtime-long-run)."""

from __future__ import annotations

import math
import time
from typing import Any, Final

from agentcore_cli.documents import value_or_text

FAILURES_MAX: Final = 3  # failed pings in a row that end a session
FUTURE_SECONDS: Final = 60.0  # how far an agent's clock may be ahead of this machine's


class HealthState:
    """The health of one session, as of its last ping.

    `busy` is HealthyBusy, which keeps a session alive; `healthy_since` is when, by the clock's `awake`, the agent last
    turned from busy to idle. `was_busy_untimed`: it has said HealthyBusy without a time_of_last_update.
    """

    __slots__ = ("_changed_at", "_pinged_at", "busy", "failures", "healthy_since", "was_busy_untimed")

    def __init__(self, now: float) -> None:
        self.busy = False
        self.failures = 0
        self.was_busy_untimed = False
        self.healthy_since = now
        self._changed_at: float | None = None
        self._pinged_at = now

    def failed(self) -> None:
        self.failures += 1

    @property
    def dead(self) -> bool:
        return self.failures >= FAILURES_MAX

    def answered(self, body: bytes, now: float) -> None:
        """Take in the body of a ping that was answered with 200.

        The agent may tell when its status last changed (`time_of_last_update`, on its own clock, which nobody
        advances): a change that no ping has seen counts from then. An agent that tells another time at every ping
        is never idle, as on the service. What is no time, or lies in the future, is as good as not told.
        """
        told = _told(body)
        was_busy, self.busy, self.failures = self.busy, told.get("status") == "HealthyBusy", 0
        changed_at = _moment(told.get("time_of_last_update"))
        self.was_busy_untimed |= self.busy and changed_at is None
        if changed_at is not None:
            if not self.busy and self._changed_at not in (None, changed_at):
                age = time.time() - changed_at
                self.healthy_since = now - min(max(age, 0.0), now - self._pinged_at)
            self._changed_at = changed_at
        elif was_busy and not self.busy:
            self.healthy_since = now
        self._pinged_at = now


def _told(body: bytes) -> dict[str, Any]:
    told = value_or_text(body)
    return told if isinstance(told, dict) else {}


def _moment(told: object) -> float | None:
    """Seconds since the epoch, if that is what was told: JSON of Python has numbers that are none, and endless ones."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    try:
        moment = float(told)
    except OverflowError:
        return None
    return moment if math.isfinite(moment) and moment <= time.time() + FUTURE_SECONDS else None
