"""A walk over botocore's model: each constraint of each served operation, broken alone, is refused and named.

The requests are made from the model, not from our shapes: by botocore's own serializer where it can carry the fault,
by hand where it can't (a text where a structure belongs, a null).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.model import OperationModel, ServiceModel
from botocore.serialize import create_serializer

from agentcore_cli.local.control.operations import OPERATIONS as SERVED
from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.control import LocalControl, policy_of
from tests.fakes.control_model import OPERATIONS, Breach, breaches, inputs, service, valid

MODEL: ServiceModel = service()
BY_HAND = ("type", "type-float", "null", "value-type", "value-null")
Request = tuple[str, str, bytes]


def breaches_of(name: str) -> Iterator[Breach]:
    """Every breach that the wire can carry: a path member is always there, and all in path and query is text."""
    shape = inputs(MODEL.operation_model(name))
    for breach in breaches(shape):
        place = shape.members[breach.member].serialization.get("location") if breach.member in shape.members else ""
        if place == "uri" and breach.kind in ("required", "null", "type"):
            continue
        if place == "querystring" and breach.kind == "null":
            continue
        if place == "querystring" and breach.kind == "type" and breach.rule != "Member must be an integer":
            continue
        yield breach


def refusal_of(control: LocalControl, operation: OperationModel, breach: Breach) -> ServiceFault:
    request = by_hand if breach.kind in BY_HAND else serialized
    method, url, body = request(operation, breach.value)
    try:
        control.call(method, url, raw=body)
    except ServiceFault as fault:
        return fault
    raise AssertionError(f"not refused: {breach}")


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControl]:
    """One control plane for the whole walk: no request of it changes anything."""
    with asyncio.Runner() as runner:
        control = LocalControl(tmp_path_factory.mktemp("home"), runner)
        control.ready()
        yield control
        control.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_constraint_is_refused_by_name_and_changes_nothing(walked: LocalControl, name: str) -> None:
    before = walked.dump()
    for breach in breaches_of(name):
        fault = refusal_of(walked, MODEL.operation_model(name), breach)
        assert (fault.status, fault.type, fault.reason) == (400, "ValidationException", "FieldValidationFailed"), breach
        assert all(breach.member in field.name for field in fault.fields), (fault.message, breach)
        assert any(breach.rule in field.message for field in fault.fields), (fault.message, breach)
        assert f"'{fault.fields[0].name}'" in fault.message, breach
        assert not (breach.sensitive and "Value '" in fault.message), breach
    assert walked.dump() == before


def test_the_walk_is_long_and_knows_every_kind_of_constraint() -> None:
    found = {name: [breach.kind for breach in breaches_of(name)] for name in OPERATIONS}
    kinds = Counter(kind for these in found.values() for kind in these)
    assert kinds.total() > 700
    assert all(found.values())
    assert set(OPERATIONS) == {operation.name for operation in SERVED}
    assert set(kinds) == {
        *("required", "null", "type", "type-float", "min", "max", "pattern", "enum", "union-none", "union-two"),
        *("key-min", "key-max", "key-pattern"),
        *("value-type", "value-null", "value-min", "value-max", "value-pattern"),
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_request_of_maximal_shape_passes(control: LocalControl, name: str) -> None:
    made = control.ready()
    runtime_id = made["agentRuntimeId"]
    control.update(runtime_id)
    control.settle()
    control.create_endpoint(runtime_id, "prod")
    control.settle()
    arn = made["agentRuntimeArn"]
    control.put_policy(arn, policy_of(arn))
    real = {"agentRuntimeId": runtime_id, "resourceArn": arn, "name": "staging", "policy": policy_of(arn)}
    if name == "DeleteAgentRuntime":
        real["agentRuntimeVersion"] = "1"
    operation = MODEL.operation_model(name)
    members = valid(inputs(operation))
    members |= {member: value for member, value in real.items() if member in members}

    method, url, body = serialized(operation, members)
    status, _ = control.call(method, url, raw=body)

    assert status == operation.http["responseCode"]


def serialized(operation: OperationModel, members: dict[str, Any]) -> Request:
    """The request as botocore makes it, without the checks of its own."""
    request = create_serializer("rest-json", include_validation=False).serialize_to_request(members, operation)
    body = request["body"]
    query = urlencode(request["query_string"], doseq=True)
    return request["method"], f"{request['url_path']}?{query}", body.encode() if isinstance(body, str) else body


def by_hand(operation: OperationModel, members: dict[str, Any]) -> Request:
    """The same from the model's locations alone: it carries any value."""
    path, query, body = operation.http["requestUri"], [], {}
    for name, value in members.items():
        place = inputs(operation).members[name].serialization
        if place.get("location") == "uri":
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        elif place.get("location") == "querystring":
            query += [(place["name"], item) for item in (value if isinstance(value, list) else [value])]
        else:
            body[name] = value
    return operation.http["method"], f"{path}?{urlencode(query)}", json.dumps(body).encode()
