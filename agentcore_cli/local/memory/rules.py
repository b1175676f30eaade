"""Rules between members, which no single shape can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentcore_cli.local.control.rules import tags
from agentcore_cli.local.http.wire import FieldFault

STRATEGIES_MAX: Final = 6  # of one memory (bedrock-agentcore-limits)
STAMP_MAX: Final = 253_402_300_800  # seconds: the end of the year 9999
EVENT_MAX: Final = 10_000_000  # bytes of an event's payload as JSON (bedrock-agentcore-limits)
_COMPARED: Final = {
    "CONTAINS": "stringValue",
    "BEFORE": "dateTimeValue",
    "AFTER": "dateTimeValue",
    "GREATER_THAN": "numberValue",
    "GREATER_THAN_OR_EQUALS": "numberValue",
    "LESS_THAN": "numberValue",
    "LESS_THAN_OR_EQUALS": "numberValue",
}

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
    yield from _filters(members.get("filter", {}).get("eventMetadata", []), "filter.eventMetadata")


def records(members: Members) -> Iterator[FieldFault]:
    """A batch of records: when each was made, and what stands in its metadata."""
    for number, record in enumerate(members["records"], start=1):
        path = f"records.{number}.member"
        yield from _stamp(record["timestamp"], f"{path}.timestamp")
    identifiers = Counter(record["requestIdentifier"] for record in members["records"] if "requestIdentifier" in record)
    for identifier, times in identifiers.items():
        if times > 1:
            yield FieldFault("records", f"records: requestIdentifier {identifier} is there {times} times")


def list_records(members: Members) -> Iterator[FieldFault]:
    yield from _namespace(members)
    yield from _filters(members.get("metadataFilters", []), "metadataFilters")


def retrieve_records(members: Members) -> Iterator[FieldFault]:
    yield from _namespace(members)
    yield from _filters(members["searchCriteria"].get("metadataFilters", []), "searchCriteria.metadataFilters")


def _namespace(members: Members) -> Iterator[FieldFault]:
    """The model's documentation of ListMemoryRecords and RetrieveMemoryRecords."""
    if ("namespace" in members) == ("namespacePath" in members):
        yield FieldFault("namespace", "Exactly one of namespace and namespacePath is required")


def _filters(expressions: list[Members], path: str) -> Iterator[FieldFault]:
    for number, expression in enumerate(expressions, start=1):
        yield from _comparison(expression, f"{path}.{number}.member")


def _comparison(expression: Members, path: str) -> Iterator[FieldFault]:
    """EXISTS and NOT_EXISTS stand alone; every other operator needs a value, of a type that it compares."""
    operator, right = expression["operator"], expression.get("right")
    if operator in ("EXISTS", "NOT_EXISTS"):
        if right is not None:
            yield FieldFault(f"{path}.right", f"{path}: {operator} takes no right side")
    elif right is None:
        yield FieldFault(f"{path}.right", f"{path}: {operator} needs a right side")
    elif (kind := _COMPARED.get(operator)) and kind not in right["metadataValue"]:
        yield FieldFault(f"{path}.right", f"{path}: {operator} compares a {kind}")


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
