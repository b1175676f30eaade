"""What comes over the wire: bodies that are no JSON, paths with and without their slash, odd queries."""

from __future__ import annotations

import pytest

from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.control import SETTINGS, LocalControl

UNPARSABLE = {
    "half an object": b'{"agentRuntimeName": "ag',
    "an array": b"[1, 2]",
    "a text": b'"agent"',
    "no UTF-8": b'{"agentRuntimeName": "\xff"}',
    "not a number": b'{"agentRuntimeName": NaN}',
    "half a surrogate pair": b'{"agentRuntimeName": "\\ud800"}',
    "two documents": b"{}{}",
    "a deep well": b"[" * 100_000,
}


@pytest.mark.parametrize("body", UNPARSABLE.values(), ids=UNPARSABLE)
def test_a_body_that_is_no_json_object_cannot_be_parsed(control: LocalControl, body: bytes) -> None:
    with pytest.raises(ServiceFault) as refusal:
        control.call("PUT", "/runtimes/", raw=body)
    assert (refusal.value.type, refusal.value.reason) == ("ValidationException", "CannotParse")


def test_an_empty_body_has_no_members(control: LocalControl) -> None:
    with pytest.raises(ServiceFault, match="3 validation errors detected: Value null at 'agentRuntimeName'"):
        control.call("PUT", "/runtimes/")


def test_a_path_is_served_with_and_without_its_trailing_slash(control: LocalControl) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    assert control.call("POST", "/runtimes") == control.call("POST", "/runtimes/")
    assert control.call("GET", f"/runtimes/{runtime_id}") == control.call("GET", f"/runtimes/{runtime_id}/")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/runtimes/"),
        ("GET", "/runtimes/"),
        ("GET", "/"),
        ("GET", "/memories/"),
        ("PUT", "/runtimes/agent-0123456789/runtime-endpoints/prod/more"),
    ],
)
def test_what_no_operation_has_is_unknown(control: LocalControl, method: str, path: str) -> None:
    assert control.plane.operation(method, path.strip("/").split("/")) is None
    with pytest.raises(ServiceFault) as refusal:
        control.call(method, path)
    assert (refusal.value.status, refusal.value.type) == (404, "UnknownOperationException")


@pytest.mark.parametrize("path", ["/runtimes//", "/runtimes/%2e%2e/", "/runtimes/%ff/", "/runtimes/a%2Fb/"])
def test_a_path_that_holds_no_id_is_refused_by_its_member(control: LocalControl, path: str) -> None:
    with pytest.raises(ServiceFault, match="at 'agentRuntimeId' failed to satisfy constraint"):
        control.call("GET", path)


@pytest.mark.parametrize("number", ["0", "101", "-1", "1.5", "many", "", "99999999999999999999"])
def test_a_page_size_is_a_number_from_1_to_100(control: LocalControl, number: str) -> None:
    with pytest.raises(ServiceFault, match="at 'maxResults' failed to satisfy constraint"):
        control.call("POST", f"/runtimes/?maxResults={number}")


def test_optional_members_may_be_null(control: LocalControl) -> None:
    assert control.create(description=None, tags=None, lifecycleConfiguration=None)["status"] == "CREATING"


def test_a_long_bad_value_is_not_repeated_whole(control: LocalControl) -> None:
    with pytest.raises(ServiceFault) as refusal:
        control.create("-" * 100_000)
    assert len(refusal.value.message) < 1000


def test_a_request_that_names_no_region_is_for_the_planes_own(control: LocalControl) -> None:
    _, made = control.call("PUT", "/runtimes/", {"agentRuntimeName": "agent", **SETTINGS}, region="")
    assert made["agentRuntimeArn"].split(":")[3] == "us-west-2"
