"""What operations tell while they work. The ui paints them, `--json` prints them, the Python API hands them on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

StepStatus = Literal["started", "progress", "output", "done", "failed", "skipped"]


class Step(Struct, frozen=True):
    """One step of a longer operation changed its state.

    `name` is stable within one operation ("environment", "runtime"); `message` is one line for a person, of status
    `output` one that a program wrote elsewhere, in AWS for one;
    `seconds` is set when a step ends.
    """

    name: str
    status: StepStatus
    message: str = ""
    seconds: float | None = None


class Note(Struct, frozen=True):
    """Something worth knowing that is no step."""

    message: str
    level: Literal["info", "warning"] = "info"


Event = Step | Note
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of a caller who does not want to know."""
