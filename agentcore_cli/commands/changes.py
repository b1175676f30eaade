"""How a plan reads: one block per resource, the fields that change below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentcore_cli.engine import Change

_SIGNS = {"create": "+", "update": "~", "replace": "±", "adopt": "^", "keep": "=", "delete": "-"}
_LONGEST = 60


def describe(changes: Iterable[Change]) -> str:
    """One line per change, then a line per field with its old and new value."""
    lines = []
    for change in changes:
        gone = f" {change.name}" if change.action == "delete" and change.name else ""
        lines.append(f"{_SIGNS[change.action]} {change.key}: {change.action}{gone} ({change.reason})")
        if change.action != "delete":
            lines += [f"    {f.field}: {_value(f.old)} -> {_value(f.new)}" for f in change.fields]
    return "\n".join(lines)


def count(changes: Sequence[Change]) -> str:
    """`1 to create, 2 to update`; `nothing to do`."""
    counts = {action: sum(change.action == action for change in changes) for action in _SIGNS if action != "keep"}
    told = [f"{number} to {action}" for action, number in counts.items() if number]
    return ", ".join(told) or "nothing to do"


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
