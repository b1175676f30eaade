"""The walk over botocore's models, for memory: each constraint of each operation, broken alone, is refused by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.operations import CONTROL, DATA
from agentcore_cli.local.memory.tables import MIGRATIONS
from tests.fakes.control_model import Breach, breaches, inputs, valid
from tests.fakes.local_memory import LocalMemory, by_hand, operation

NAMES = [served.name for served in (*CONTROL, *DATA) if "Resource" not in served.name]


def breaches_of(name: str) -> Iterator[Breach]:
    """Every breach that the wire can carry: what is in the path is always there, and is text as in the query."""
    shape = inputs(operation(name))
    for breach in breaches(shape):
        place = shape.members[breach.member].serialization.get("location") if breach.member in shape.members else ""
        if place in ("uri", "querystring") and breach.kind in ("required", "null", "type"):
            continue
        if place == "uri" and not breach.value[breach.member]:
            continue  # the path is another operation's then
        yield breach


def refusal_of(local: LocalMemory, name: str, breach: Breach) -> ServiceFault:
    asked = local.request(*by_hand(operation(name), breach.value))
    try:
        local.send(asked)
    except ServiceFault as fault:
        return fault
    raise AssertionError(f"not refused: {breach}")


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalMemory]:
    """One memory for the whole walk: no request of it changes anything."""
    local = LocalMemory(tmp_path_factory.mktemp("home"))
    yield local
    assert local.store.changes == len(MIGRATIONS)  # the version of its tables
    local.close()


@pytest.mark.parametrize("name", NAMES)
def test_each_constraint_is_refused_by_name(walked: LocalMemory, name: str) -> None:
    for breach in breaches_of(name):
        fault = refusal_of(walked, name, breach)
        assert (fault.status, fault.type, fault.reason) == (400, "ValidationException", "FieldValidationFailed"), breach
        assert all(breach.member in field.name for field in fault.fields), (fault.message, breach)
        assert any(breach.rule in field.message for field in fault.fields), (fault.message, breach)
        assert not (breach.sensitive and "Value '" in fault.message), breach


def test_the_walk_is_long_and_knows_every_kind_of_constraint() -> None:
    kinds = Counter(breach.kind for name in NAMES for breach in breaches_of(name))
    assert kinds.total() > 1500
    assert len(NAMES) == 20
    assert set(kinds) == {
        *("required", "null", "type", "type-float", "min", "max", "pattern", "enum", "union-none", "union-two"),
        *("key-min", "key-max", "key-pattern"),
        *("value-type", "value-null", "value-min", "value-max", "value-pattern"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_request_of_maximal_shape_passes(memory: LocalMemory, name: str) -> None:
    template = "/t/{actorId}/{team}"
    there = memory.create(memoryStrategies=[{"semanticMemoryStrategy": {"name": "facts", "namespaces": [template]}}])
    strategy = memory.call("GetMemory", memoryId=there)["memory"]["strategies"][0]["strategyId"]
    event = memory.say(there, "My name is Ann.", actorId="user/1:a", sessionId="session-1")
    memory.settle()
    [record] = memory.keep(there, "tea", namespace="/facts/")
    [job] = memory.call("ListMemoryExtractionJobs", memoryId=there)["jobs"]
    real = {"MemoryId": there, "EventId": event, "MemoryRecordId": record, "MemoryStrategyId": strategy, "Name": "more"}
    members = renamed(valid(inputs(operation(name))), real)
    if name == "StartMemoryExtractionJob":
        members["extractionJob"] = {"jobId": job["jobID"]}
    if name == "UpdateMemory":
        members["memoryStrategies"]["modifyMemoryStrategies"][0]["memoryStrategyId"] = strategy
        members["memoryStrategies"]["deleteMemoryStrategies"][0]["memoryStrategyId"] = strategy
    for expression in expressions(members):
        expression["operator"] = "EQUALS_TO"

    [answered] = memory.answer([memory.request(*by_hand(operation(name), members))])

    assert answered.status == operation(name).http["responseCode"], answered.body


def renamed(value: Any, real: dict[str, str]) -> Any:
    """The value with what is really there in the place of samples."""
    from tests.fakes.control_model import SAMPLES

    if isinstance(value, dict):
        return {name: renamed(inner, real) for name, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, real) for inner in value]
    return next((there for shape, there in real.items() if SAMPLES[shape] == value), value)


def expressions(value: Any) -> Iterator[dict[str, Any]]:
    """The filters on metadata in a request."""
    if isinstance(value, dict):
        if "operator" in value:
            yield value
        for inner in value.values():
            yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)
