"""How a plan reads: one block per resource, the fields that change below it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from agentcore_cli.ui.terminal import alarm, printable

if TYPE_CHECKING:
    from agentcore_cli.engine import Change, FieldChange
    from agentcore_cli.operations.deploy.plan import PlanResult

_SIGNS = {"create": "+", "update": "~", "replace": "±", "adopt": "^", "keep": "=", "delete": "-", "forget": "·"}
_HALF = 30
_LONGEST = 2 * _HALF


def describe(changes: Iterable[Change], stream: TextIO | None = None) -> str:
    """One line per change, then a line per field with its old and new value; wider permissions stand out.

    `stream`, by default stdout, is where it will be shown.
    """
    return "\n".join(line for change in changes for line in _lines(change, stream or sys.stdout))


def ask_about(changes: Iterable[Change]) -> str:
    """The same for a question, which goes to stderr."""
    return describe(changes, sys.stderr)


def describe_plan(plan: PlanResult) -> str:
    """What would change, how much it is, who builds, and what of this machine its sessions have."""
    surprise = plan.network.surprise if plan.network else None
    network = [f"network of sessions: {surprise}"] if surprise else []
    seen = (printable(f"{mount.path} ({'writable' if mount.writable else 'read-only'})") for mount in plan.mounts)
    mounts = [f"sessions see of this machine: {', '.join(seen)}"] if plan.mounts else []
    builder = [printable(f"built with {plan.builder.builder}: {plan.builder.reason}")] if plan.builder else []
    return "\n".join([describe(plan.changes), count(plan.pending), *builder, *network, *mounts])


def count(changes: Sequence[Change]) -> str:
    """`1 to create, 2 to update`; `nothing to do`."""
    counts = {action: sum(change.action == action for change in changes) for action in _SIGNS if action != "keep"}
    told = [f"{number} to {action}" for action, number in counts.items() if number]
    widening = sum(change.widens for change in changes)
    told += [f"{widening} with wider permissions"] * bool(widening)
    return ", ".join(told) or "nothing to do"


def _lines(change: Change, stream: TextIO) -> Iterator[str]:
    name = f" {change.name}" if change.action in ("delete", "forget", "adopt") and change.name else ""
    yield printable(f"{_SIGNS[change.action]} {change.key}: {change.action}{name} ({change.reason})")
    if change.action != "delete":
        yield from (_line(field, stream) for field in change.fields)


def _line(field: FieldChange, stream: TextIO) -> str:
    text = printable(f"{field.field}: {_value(field.old)} -> {_value(field.new)}")
    return "    " + (alarm(f"! {text} (widens what it may do)", stream) if field.widens else text)


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_HALF]}…{text[-_HALF:]}"  # a digest differs at its end
