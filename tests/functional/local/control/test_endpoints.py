"""Named endpoints through boto3: pinned to a version until an update moves them."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.local.control.endpoints import ENDPOINTS_MAX
from tests.fakes.control import SETTINGS
from tests.fakes.control_server import ControlServer
from tests.functional.local.control.waiting import gone, gone_endpoint, settled, settled_endpoint

TOKEN = "token-0123456789abcdef0123456789abcdef"


@pytest.fixture
def runtime_id(client: Any) -> str:
    """A runtime with two versions."""
    made: str = client.create_agent_runtime(agentRuntimeName="agent", **SETTINGS)["agentRuntimeId"]
    settled(client, made)
    client.update_agent_runtime(agentRuntimeId=made, **SETTINGS)
    settled(client, made)
    return made


def test_an_endpoint_is_pinned_and_moves_only_by_its_own_update(
    server: ControlServer, client: Any, runtime_id: str
) -> None:
    server.hold()
    made = client.create_agent_runtime_endpoint(
        agentRuntimeId=runtime_id, name="prod", agentRuntimeVersion="1", description="live"
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert (made["status"], made["targetVersion"], made["endpointName"]) == ("CREATING", "1", "prod")
    assert made["agentRuntimeEndpointArn"] == f"{made['agentRuntimeArn']}/runtime-endpoint/prod"
    server.release()
    got = settled_endpoint(client, runtime_id, "prod")
    assert (got["status"], got["liveVersion"], got["name"], got["description"]) == ("READY", "1", "prod", "live")
    assert got["id"].startswith("prod-")

    client.update_agent_runtime(agentRuntimeId=runtime_id, **SETTINGS)
    settled(client, runtime_id)
    assert settled_endpoint(client, runtime_id, "prod")["liveVersion"] == "1"

    moved = client.update_agent_runtime_endpoint(
        agentRuntimeId=runtime_id, endpointName="prod", agentRuntimeVersion="3"
    )
    assert (moved["status"], moved["liveVersion"], moved["targetVersion"]) == ("UPDATING", "1", "3")
    got = settled_endpoint(client, runtime_id, "prod")
    assert (got["liveVersion"], got["targetVersion"], got["description"]) == ("3", "3", "live")


def test_the_latest_version_is_the_default(client: Any, runtime_id: str) -> None:
    made = client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod")
    assert made["targetVersion"] == "2"


def test_default_is_not_deleted_moved_or_made_by_hand(client: Any, runtime_id: str) -> None:
    with pytest.raises(client.exceptions.ConflictException, match="Default endpoints are removed when you delete"):
        client.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="DEFAULT")
    with pytest.raises(client.exceptions.ConflictException, match="DEFAULT endpoint follows the latest version"):
        client.update_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="DEFAULT")
    with pytest.raises(client.exceptions.ConflictException, match="already exists"):
        client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="DEFAULT")


def test_a_runtime_with_endpoints_is_not_deleted(server: ControlServer, client: Any, runtime_id: str) -> None:
    client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod")
    settled_endpoint(client, runtime_id, "prod")
    with pytest.raises(client.exceptions.ConflictException, match="endpoints that must be deleted first"):
        client.delete_agent_runtime(agentRuntimeId=runtime_id)

    server.hold()
    answer = client.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="prod")
    assert (answer["status"], answer["endpointName"]) == ("DELETING", "prod")
    with pytest.raises(client.exceptions.ConflictException, match="endpoints that must be deleted first"):
        client.delete_agent_runtime(agentRuntimeId=runtime_id)

    server.release()
    gone_endpoint(client, runtime_id, "prod")
    assert ("retire_endpoint", runtime_id, "prod") in server.lifecycle.calls
    client.delete_agent_runtime(agentRuntimeId=runtime_id)
    gone(client, runtime_id)


def test_an_endpoint_on_its_way_is_in_conflict(server: ControlServer, client: Any, runtime_id: str) -> None:
    server.hold()
    client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod")
    with pytest.raises(client.exceptions.ConflictException, match="is CREATING"):
        client.update_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="prod")
    with pytest.raises(client.exceptions.ConflictException, match="is CREATING"):
        client.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="prod")


def test_an_endpoint_leads_only_to_a_version_that_is_ready(server: ControlServer, client: Any, runtime_id: str) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="No version '9'"):
        client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod", agentRuntimeVersion="9")
    server.faults.arm("create-failed", 1)
    client.update_agent_runtime(agentRuntimeId=runtime_id, **SETTINGS)
    settled(client, runtime_id)
    with pytest.raises(client.exceptions.ConflictException, match=r"Version 3 .* is UPDATE_FAILED"):
        client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod")


def test_a_failed_endpoint_tells_its_reason(server: ControlServer, client: Any, runtime_id: str) -> None:
    server.lifecycle.fail_artifact("gone")
    client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod")
    got = settled_endpoint(client, runtime_id, "prod")
    assert (got["status"], got["failureReason"]) == ("CREATE_FAILED", "gone")
    assert "liveVersion" not in got


def test_a_version_that_an_endpoint_uses_is_not_deleted(client: Any, runtime_id: str) -> None:
    client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod", agentRuntimeVersion="1")
    settled_endpoint(client, runtime_id, "prod")
    with pytest.raises(client.exceptions.ConflictException, match="Version 1 is in use by endpoint prod"):
        client.delete_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion="1")


def test_endpoints_are_limited_and_paged_in_order(client: Any, runtime_id: str) -> None:
    names = [f"endpoint{number}" for number in range(ENDPOINTS_MAX)]
    for name in names:
        client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name=name)
    with pytest.raises(client.exceptions.ServiceQuotaExceededException) as refusal:
        client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="one_more")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 402

    pages = client.get_paginator("list_agent_runtime_endpoints").paginate(
        agentRuntimeId=runtime_id, PaginationConfig={"PageSize": 4}
    )
    assert [item["name"] for page in pages for item in page["runtimeEndpoints"]] == ["DEFAULT", *names]


def test_tokens_repeat_answers_of_endpoints_too(client: Any, runtime_id: str) -> None:
    made = client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod", clientToken=TOKEN)
    again = client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod", clientToken=TOKEN)
    assert again["createdAt"] == made["createdAt"]
    with pytest.raises(client.exceptions.ValidationException) as refusal:
        client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="other", clientToken=TOKEN)
    assert refusal.value.response["reason"] == "IdempotentParameterMismatchException"
