"""Rules between members, which no single shape can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentcore_cli.local.control.rules import tags
from agentcore_cli.local.wire import FieldFault

STRATEGIES_MAX: Final = 6  # of one memory (bedrock-agentcore-limits)
STAMP_MAX: Final = 253_402_300_800  # seconds: the end of the year 9999
EVENT_MAX: Final = 10_000_000  # bytes of an event's payload as JSON (bedrock-agentcore-limits)

Members = Mapping[str, Any]


def create(members: Members) -> Iterator[FieldFault]:
    yield from tags(members)
    yield from _strategies(members.get("memoryStrategies", []), "memoryStrategies")


def update(members: Members) -> Iterator[FieldFault]:
    added = members.get("memoryStrategies", {}).get("addMemoryStrategies", [])
    yield from _strategies(added, "memoryStrategies.addMemoryStrategies")


def create_event(members: Members) -> Iterator[FieldFault]:
    yield from _stamp(members["eventTimestamp"], "eventTimestamp")


def list_events(members: Members) -> Iterator[FieldFault]:
    """What compares needs a value, and what asks whether there is one needs none."""
    for number, expression in enumerate(members.get("filter", {}).get("eventMetadata", []), start=1):
        yield from comparison(expression, f"filter.eventMetadata.{number}.member")


def comparison(expression: Members, path: str) -> Iterator[FieldFault]:
    """EXISTS and NOT_EXISTS stand alone, every other operator with a value."""
    operator = expression["operator"]
    if operator.endswith("EXISTS") and "right" in expression:
        yield FieldFault(f"{path}.right", f"{path}: {operator} takes no right side")
    if not operator.endswith("EXISTS") and "right" not in expression:
        yield FieldFault(f"{path}.right", f"{path}: {operator} needs a right side")


def _stamp(seconds: float, path: str) -> Iterator[FieldFault]:
    if not 0 <= seconds < STAMP_MAX:
        yield FieldFault(path, f"{path}: must be between 1970 and 9999, in seconds since the epoch")


def _strategies(added: list[Members], path: str) -> Iterator[FieldFault]:
    settings = [settings for strategy in added for settings in strategy.values()]
    if len(settings) > STRATEGIES_MAX:
        yield FieldFault(path, f"{path}: a memory has at most {STRATEGIES_MAX} strategies")
    for name, times in Counter(one["name"] for one in settings).items():
        if times > 1:
            yield FieldFault(path, f"{path}: the name {name} is there {times} times")
    for one in settings:
        if "namespaces" in one and "namespaceTemplates" in one:
            yield FieldFault(path, f"{path}: {one['name']}: namespaces and namespaceTemplates are not set together")
