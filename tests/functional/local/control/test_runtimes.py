"""Runtimes and versions through boto3, as the service keeps them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from tests.fakes.control import CODE, SETTINGS
from tests.fakes.control_server import ControlServer
from tests.functional.local.control.waiting import gone, settled

TOKEN = "token-0123456789abcdef0123456789abcdef"


def create(client: Any, name: str = "agent", **members: Any) -> Any:
    return client.create_agent_runtime(agentRuntimeName=name, **SETTINGS, **members)


def create_ready(client: Any, name: str = "agent", **members: Any) -> str:
    runtime_id: str = create(client, name, **members)["agentRuntimeId"]
    assert settled(client, runtime_id)["status"] == "READY"
    return runtime_id


def update_ready(client: Any, runtime_id: str, **members: Any) -> Any:
    client.update_agent_runtime(agentRuntimeId=runtime_id, **SETTINGS, **members)
    return settled(client, runtime_id)


def test_create_answers_creating_and_becomes_ready(server: ControlServer, client: Any) -> None:
    server.hold()
    made = create(client)

    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert re.fullmatch(r"agent-[a-zA-Z0-9]{10}", made["agentRuntimeId"])
    assert made["agentRuntimeArn"] == (
        f"arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/{made['agentRuntimeId']}"
    )
    assert (made["agentRuntimeVersion"], made["status"]) == ("1", "CREATING")
    assert isinstance(made["createdAt"], datetime)
    assert made["workloadIdentityDetails"]["workloadIdentityArn"].endswith(
        f"workload-identity/{made['agentRuntimeId']}"
    )
    assert client.get_agent_runtime(agentRuntimeId=made["agentRuntimeId"])["status"] == "CREATING"

    server.release()
    assert settled(client, made["agentRuntimeId"])["status"] == "READY"


def test_get_tells_all_settings_with_the_effective_lifecycle(client: Any) -> None:
    settings = {
        "description": "counts",
        "environmentVariables": {"LOG_LEVEL": "info"},
        "networkConfiguration": {"networkMode": "PUBLIC"},
        "protocolConfiguration": {"serverProtocol": "MCP"},
        "lifecycleConfiguration": {"maxLifetime": 600},
        "requestHeaderConfiguration": {"requestHeaderAllowlist": ["X-Team"]},
    }
    got = settled(client, create(client, **settings, tags={"team": "blue"})["agentRuntimeId"])

    assert {name: got[name] for name in settings} == settings | {
        "lifecycleConfiguration": {"idleRuntimeSessionTimeout": 600, "maxLifetime": 600}
    }
    assert got["agentRuntimeArtifact"] == CODE
    assert got["metadataConfiguration"] == {"requireMMDSV2": True}
    assert "tags" not in got
    assert "failureReason" not in got


def test_update_makes_an_immutable_version_and_keeps_nothing_that_is_left_out(client: Any) -> None:
    runtime_id = create_ready(client, description="first", environmentVariables={"A": "1"})

    answer = client.update_agent_runtime(agentRuntimeId=runtime_id, **SETTINGS, environmentVariables={"B": "2"})
    assert (answer["agentRuntimeVersion"], answer["status"]) == ("2", "UPDATING")
    latest = settled(client, runtime_id)

    assert (latest["agentRuntimeVersion"], latest["status"]) == ("2", "READY")
    assert latest["environmentVariables"] == {"B": "2"}
    assert "description" not in latest
    first = client.get_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion="1")
    assert (first["description"], first["environmentVariables"]) == ("first", {"A": "1"})


def test_default_endpoint_follows_the_latest_version(server: ControlServer, client: Any) -> None:
    runtime_id = create_ready(client)
    server.hold()
    client.update_agent_runtime(agentRuntimeId=runtime_id, **SETTINGS)

    moving = client.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="DEFAULT")
    assert (moving["status"], moving["liveVersion"], moving["targetVersion"]) == ("UPDATING", "1", "2")

    server.release()
    settled(client, runtime_id)
    moved = client.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="DEFAULT")
    assert (moved["status"], moved["liveVersion"], moved["targetVersion"]) == ("READY", "2", "2")


def test_a_name_is_taken_once_per_region(server: ControlServer, client: Any) -> None:
    create_ready(client)
    with pytest.raises(client.exceptions.ConflictException, match="already exists"):
        create(client)

    elsewhere = server.client("eu-central-1")
    assert create(elsewhere)["agentRuntimeArn"].startswith("arn:aws:bedrock-agentcore:eu-central-1:000000000000:")
    assert len(elsewhere.list_agent_runtimes()["agentRuntimes"]) == 1
    elsewhere.close()


def test_a_runtime_of_another_region_is_not_found(server: ControlServer, client: Any) -> None:
    runtime_id = create_ready(client)
    elsewhere = server.client("eu-central-1")
    with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
        elsewhere.get_agent_runtime(agentRuntimeId=runtime_id)
    elsewhere.close()


def test_delete_removes_the_runtime_and_frees_its_name(server: ControlServer, client: Any) -> None:
    runtime_id = create_ready(client)
    server.hold()
    answer = client.delete_agent_runtime(agentRuntimeId=runtime_id)
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["status"]) == (202, "DELETING")
    assert client.get_agent_runtime(agentRuntimeId=runtime_id)["status"] == "DELETING"
    with pytest.raises(client.exceptions.ConflictException):
        create(client)

    server.release()
    gone(client, runtime_id)
    assert ("retire_runtime", runtime_id) in server.lifecycle.calls
    create_ready(client)


@pytest.mark.parametrize("operation", ["update", "delete", "create_endpoint"])
def test_a_runtime_on_its_way_is_in_conflict(server: ControlServer, client: Any, operation: str) -> None:
    server.hold()
    runtime_id = create(client)["agentRuntimeId"]
    operations = {
        "update": lambda: client.update_agent_runtime(agentRuntimeId=runtime_id, **SETTINGS),
        "delete": lambda: client.delete_agent_runtime(agentRuntimeId=runtime_id),
        "create_endpoint": lambda: client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod"),
    }
    with pytest.raises(client.exceptions.ConflictException, match="is CREATING"):
        operations[operation]()


def test_a_bad_artifact_fails_the_create_with_its_reason(server: ControlServer, client: Any) -> None:
    server.lifecycle.fail_artifact("The specified entrypoint could not be found or accessed in your artifact.")
    got = settled(client, create(client)["agentRuntimeId"])
    assert got["status"] == "CREATE_FAILED"
    assert got["failureReason"] == "The specified entrypoint could not be found or accessed in your artifact."


def test_a_failed_update_leaves_the_old_version_live(server: ControlServer, client: Any) -> None:
    runtime_id = create_ready(client)
    server.lifecycle.fail_artifact("not a zip")
    failed = update_ready(client, runtime_id)
    assert (failed["status"], failed["failureReason"], failed["agentRuntimeVersion"]) == (
        "UPDATE_FAILED",
        "not a zip",
        "2",
    )
    default = client.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="DEFAULT")
    assert (default["status"], default["liveVersion"], default["targetVersion"]) == ("UPDATE_FAILED", "1", "2")

    server.lifecycle.failure = None
    mended = update_ready(client, runtime_id)
    assert (mended["status"], mended["agentRuntimeVersion"]) == ("READY", "3")
    assert "failureReason" not in mended


def test_one_version_can_be_deleted_unless_an_endpoint_uses_it(server: ControlServer, client: Any) -> None:
    runtime_id = create_ready(client)
    update_ready(client, runtime_id)
    with pytest.raises(client.exceptions.ConflictException, match="in use by endpoint DEFAULT"):
        client.delete_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion="2")

    answer = client.delete_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion="1")
    assert (answer["status"], answer["agentRuntimeVersion"]) == ("DELETING", "1")
    while len(client.list_agent_runtime_versions(agentRuntimeId=runtime_id)["agentRuntimes"]) > 1:
        pass
    assert ("retire_version", runtime_id, "1") in server.lifecycle.calls
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="No version '1'"):
        client.get_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion="1")


def test_the_same_token_and_parameters_get_the_same_answer(client: Any) -> None:
    first = create(client, clientToken=TOKEN)
    again = create(client, clientToken=TOKEN)
    assert {**first, "ResponseMetadata": None} == {**again, "ResponseMetadata": None}
    assert len(client.list_agent_runtimes()["agentRuntimes"]) == 1


def test_the_same_token_with_other_parameters_is_a_mismatch(client: Any) -> None:
    create(client, clientToken=TOKEN)
    with pytest.raises(client.exceptions.ValidationException) as refusal:
        create(client, clientToken=TOKEN, description="other")
    assert refusal.value.response["reason"] == "IdempotentParameterMismatchException"


def test_a_token_belongs_to_its_operation(client: Any) -> None:
    runtime_id = create_ready(client, clientToken=TOKEN)
    assert update_ready(client, runtime_id, clientToken=TOKEN)["agentRuntimeVersion"] == "2"
    assert update_ready(client, runtime_id, clientToken=TOKEN)["agentRuntimeVersion"] == "2"


def test_a_delete_with_a_seen_token_is_ignored(client: Any) -> None:
    runtime_id = create_ready(client)
    client.delete_agent_runtime(agentRuntimeId=runtime_id, clientToken=TOKEN)
    gone(client, runtime_id)
    assert client.delete_agent_runtime(agentRuntimeId=runtime_id, clientToken=TOKEN)["status"] == "DELETING"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_agent_runtime(agentRuntimeId=runtime_id)


def test_a_token_of_a_removed_runtime_makes_a_new_one(client: Any) -> None:
    first = create_ready(client, clientToken=TOKEN)
    client.delete_agent_runtime(agentRuntimeId=first)
    gone(client, first)
    assert create_ready(client, clientToken=TOKEN) != first


def test_paginators_give_every_runtime_and_version_once_in_order(client: Any) -> None:
    names = [f"agent{number}" for number in range(5)]
    ids = [create_ready(client, name) for name in names]
    for _ in range(3):
        update_ready(client, ids[0])

    pages = client.get_paginator("list_agent_runtimes").paginate(PaginationConfig={"PageSize": 2})
    assert [item["agentRuntimeName"] for page in pages for item in page["agentRuntimes"]] == names
    versions = client.get_paginator("list_agent_runtime_versions").paginate(
        agentRuntimeId=ids[0], PaginationConfig={"PageSize": 3}
    )
    assert [item["agentRuntimeVersion"] for page in versions for item in page["agentRuntimes"]] == ["1", "2", "3", "4"]


def test_a_page_is_not_shifted_by_what_is_deleted_meanwhile(client: Any) -> None:
    ids = [create_ready(client, f"agent{number}") for number in range(3)]
    first = client.list_agent_runtimes(maxResults=2)
    client.delete_agent_runtime(agentRuntimeId=ids[0])
    gone(client, ids[0])
    rest = client.list_agent_runtimes(maxResults=2, nextToken=first["nextToken"])
    assert [item["agentRuntimeId"] for item in rest["agentRuntimes"]] == ids[2:]
    assert "nextToken" not in rest


@pytest.mark.parametrize("token", ["nonsense", "AAAA", "W10=", "\N{SNOWMAN}"])
def test_a_made_up_page_token_is_refused(client: Any, token: str) -> None:
    with pytest.raises(client.exceptions.ValidationException, match="nextToken"):
        client.list_agent_runtimes(nextToken=token)


def test_a_page_token_belongs_to_its_list(client: Any) -> None:
    for name in ("one", "two"):
        create_ready(client, name)
    token = client.list_agent_runtimes(maxResults=1)["nextToken"]
    runtime_id = client.list_agent_runtimes()["agentRuntimes"][0]["agentRuntimeId"]
    with pytest.raises(client.exceptions.ValidationException, match="nextToken"):
        client.list_agent_runtime_versions(agentRuntimeId=runtime_id, nextToken=token)


def test_list_items_have_all_members_of_the_model(client: Any) -> None:
    runtime_id = create_ready(client)
    (item,) = client.list_agent_runtimes()["agentRuntimes"]
    assert item.pop("agentRuntimeArn").endswith(runtime_id)
    assert isinstance(item.pop("lastUpdatedAt"), datetime)
    assert item == {
        "agentRuntimeId": runtime_id,
        "agentRuntimeVersion": "1",
        "agentRuntimeName": "agent",
        "description": "",
        "status": "READY",
    }


def test_many_faults_are_told_at_once(client: Any) -> None:
    with pytest.raises(client.exceptions.ValidationException) as refusal:
        create(client, "data-agent", description="x" * 4097, environmentVariables={"KEY": "s3cret" * 1000})
    answer = refusal.value.response
    assert answer["message"].startswith("3 validation errors detected: Value 'data-agent' at 'agentRuntimeName' failed")
    assert [field["name"] for field in answer["fieldList"]] == [
        "agentRuntimeName",
        "description",
        "environmentVariables",
    ]
    assert "s3cret" not in answer["message"]
    assert answer["reason"] == "FieldValidationFailed"
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


@pytest.mark.parametrize("method", ["get_agent_runtime", "delete_agent_runtime", "list_agent_runtime_versions"])
def test_an_unknown_runtime_is_not_found(client: Any, method: str) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="nobody-0123456789"):
        getattr(client, method)(agentRuntimeId="nobody-0123456789")


def test_the_fault_throttle_refuses_the_next_requests(server: ControlServer, client: Any) -> None:
    server.faults.arm("throttle", 3)  # boto3 itself tries three times
    with pytest.raises(client.exceptions.ThrottlingException):
        client.list_agent_runtimes()
    assert client.list_agent_runtimes()["agentRuntimes"] == []


def test_the_fault_create_failed_fails_the_next_one(server: ControlServer, client: Any) -> None:
    server.faults.arm("create-failed", 1)
    failed = settled(client, create(client)["agentRuntimeId"])
    assert failed["status"] == "CREATE_FAILED"
    assert "create-failed" in failed["failureReason"]
    assert update_ready(client, failed["agentRuntimeId"])["status"] == "READY"


def test_the_fault_not_ready_delays_what_gets_tell(server: ControlServer, client: Any) -> None:
    runtime_id = create_ready(client)
    server.faults.arm("not-ready", 2)
    told = [client.get_agent_runtime(agentRuntimeId=runtime_id)["status"] for _ in range(3)]
    assert told == ["CREATING", "CREATING", "READY"]
    update_ready(client, runtime_id)
    server.faults.arm("not-ready", 1)
    assert client.get_agent_runtime(agentRuntimeId=runtime_id)["status"] == "UPDATING"
