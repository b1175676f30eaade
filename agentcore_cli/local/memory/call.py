"""One valid request, as the operations get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentcore_cli.local.control.operations import ServedOperation


@dataclass(frozen=True, slots=True)
class MemoryCall:
    """`members` holds those that were given, in the model's names; `now` is the runtime's clock.

    A session's call is `granted` what belongs to its `project`; any other is for what is in the `region`.
    """

    operation: ServedOperation
    members: Mapping[str, Any]
    region: str
    now: float
    granted: bool = False
    project: str | None = None
