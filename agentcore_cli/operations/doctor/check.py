"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """`fail`: what was chosen can't work without it. `fix` says what to do, None where all is well."""

    name: str
    status: Status
    detail: str
    fix: str | None = None


def missing(name: str, detail: str, fix: str, *, needed: bool) -> Check:
    """Something that is not there: a failure where it is needed, else worth a word."""
    return Check(name, "fail" if needed else "warn", detail, fix)
