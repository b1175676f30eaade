"""What the server asks of the process that keeps the memories."""

from __future__ import annotations

from typing import Any

import msgspec


class Asked(msgspec.Struct, array_like=True):
    """A request. `region` is the one it was signed for, and `now` the runtime's clock.

    A session's request has `granted` and the `project` of the session's runtime, None where that has none.
    """

    method: str
    segments: list[str]
    query: dict[str, list[str]]
    body: bytes
    region: str
    now: float
    granted: bool = False
    project: str | None = None
    inner: str = ""
    """What the server itself asks for, which nobody can from outside: "read" or "keep" (`drawing`)."""


class Reading(msgspec.Struct, array_like=True):
    """An event that a project's `file` reads for these strategies; `number` is for `DrawnRecords`."""

    number: int
    memory: str
    project: str
    agent: str
    file: str
    event: dict[str, Any]
    strategies: list[dict[str, Any]]


class DrawnRecords(msgspec.Struct, array_like=True):
    """What has come of a `Reading`, by the ids of strategies; with a `reason` nothing has of any."""

    number: int
    texts: dict[str, list[str]] = {}
    failed: dict[str, str] = {}
    reason: str = ""
