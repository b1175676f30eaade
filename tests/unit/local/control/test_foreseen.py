"""An update that is about to come: it is read as the update is, and changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.control import SETTINGS, LocalControl

REQUEST = {**SETTINGS, "environmentVariables": {"A": "1"}, "clientToken": "c" * 33}


def foresee(control: LocalControl, runtime_id: str, request: dict[str, Any]) -> None:
    control.plane.foresee(runtime_id, json.dumps(request).encode(), "waits")


@pytest.mark.parametrize("asked", [{}, {"lifecycleConfiguration": {"maxLifetime": 600}}], ids=["", "lifecycle"])
def test_it_is_the_version_that_the_update_makes_and_no_table_changes(
    control: LocalControl, asked: dict[str, Any]
) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    before = control.dump()
    foresee(control, runtime_id, REQUEST | asked)
    assert control.dump() == before
    control.call("PUT", f"/runtimes/{runtime_id}/", REQUEST | asked, must_start="waits")
    control.settle()
    assert control.lifecycle.foreseen == [control.lifecycle.prepared[-1]]
    assert control.lifecycle.prepared[-1].version == "2"


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (REQUEST | {"roleArn": "nobody"}, "roleArn"),
        ({"roleArn": SETTINGS["roleArn"]}, "agentRuntimeArtifact"),
    ],
    ids=["invalid", "incomplete"],
)
def test_what_the_update_would_refuse_is_refused(control: LocalControl, request_: dict[str, Any], why: str) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    with pytest.raises(ServiceFault, match=why):
        foresee(control, runtime_id, request_)
    with pytest.raises(ServiceFault, match=why):
        control.call("PUT", f"/runtimes/{runtime_id}/", request_)
    assert control.lifecycle.foreseen == []


def test_a_runtime_that_is_not_there_or_on_its_way_has_no_next_version(control: LocalControl) -> None:
    with pytest.raises(ServiceFault, match="No agent found"):
        foresee(control, "gone-0123456789", REQUEST)
    control.lifecycle.open.clear()
    runtime_id = control.create()["agentRuntimeId"]
    with pytest.raises(ServiceFault, match="is CREATING"):
        foresee(control, runtime_id, REQUEST)
    assert control.lifecycle.foreseen == []


def test_a_fault_that_is_armed_waits_for_the_update(control: LocalControl) -> None:
    runtime_id = control.ready()["agentRuntimeId"]
    control.faults.arm("role-unusable", 1)
    foresee(control, runtime_id, REQUEST)
    assert control.lifecycle.foreseen == []
    with pytest.raises(ServiceFault, match="Role validation failed"):
        control.update(runtime_id)
