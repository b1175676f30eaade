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


def cases() -> Iterator[Any]:
    """Every breach that the wire can carry: a path member is always there, and all in path and query is text."""
    for name in OPERATIONS:
        shape = inputs(MODEL.operation_model(name))
        for number, breach in enumerate(breaches(shape)):
            place = shape.members[breach.member].serialization.get("location") if breach.member in shape.members else ""
            if place == "uri" and breach.kind in ("required", "null", "type"):
                continue
            if place == "querystring" and breach.kind == "null":
                continue
            if place == "querystring" and breach.kind == "type" and breach.rule != "Member must be an integer":
                continue
            yield pytest.param(name, breach, id=f"{name}-{breach.member}-{breach.kind}-{number}")


CASES = list(cases())


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalControl]:
    """One control plane for the whole walk: no request of it changes anything."""
    with asyncio.Runner() as runner:
        control = LocalControl(tmp_path_factory.mktemp("home"), runner)
        control.ready()
        yield control
        control.close()


@pytest.mark.parametrize(("name", "breach"), CASES)
def test_each_constraint_is_refused_by_name_and_changes_nothing(
    walked: LocalControl, name: str, breach: Breach
) -> None:
    operation = MODEL.operation_model(name)
    method, url, body = (
        by_hand(operation, breach.value) if breach.kind in BY_HAND else serialized(operation, breach.value)
    )
    before = walked.dump()

    with pytest.raises(ServiceFault) as refusal:
        walked.call(method, url, raw=body)

    fault = refusal.value
    assert (fault.status, fault.type, fault.reason) == (400, "ValidationException", "FieldValidationFailed")
    assert all(breach.member in field.name for field in fault.fields), fault.message
    assert any(breach.rule in field.message for field in fault.fields), fault.message
    assert f"'{fault.fields[0].name}'" in fault.message
    assert walked.dump() == before
    if breach.sensitive:
        assert "Value '" not in fault.message


def test_the_walk_is_long_and_knows_every_kind_of_constraint() -> None:
    kinds = Counter(case.values[1].kind for case in CASES)
    assert len(CASES) > 700
    assert {case.values[0] for case in CASES} == set(OPERATIONS) == {operation.name for operation in SERVED}
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
