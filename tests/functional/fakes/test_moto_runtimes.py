"""moto's control plane, completed: what a deploy relies on, asked for by boto3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.moto_runtimes import MotoRuntimes
from tests.stand_ins import ACCOUNT, REGION, Moto, boto3_client

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/one"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/AmazonBedrockAgentCore-one"


@pytest.fixture
def control(moto: Moto) -> Iterator[Any]:
    with AwsProxy({}, otherwise=moto.url, bridges={"bedrock-agentcore": MotoRuntimes()}) as proxy:
        client = boto3_client("bedrock-agentcore-control", proxy.url)
        yield client
        client.close()


def settings(tag: str, **others: Any) -> dict[str, Any]:
    artifact = {"containerConfiguration": {"containerUri": f"{IMAGE}:{tag}"}}
    return {
        "agentRuntimeArtifact": artifact,
        "roleArn": ROLE,
        "networkConfiguration": {"networkMode": "PUBLIC"},
        **others,
    }


@pytest.fixture
def runtime_id(control: Any) -> str:
    made = control.create_agent_runtime(
        agentRuntimeName="one", tags={"a": "b"}, **settings("v1", environmentVariables={"K": "1"})
    )
    return str(made["agentRuntimeId"])


def test_a_new_runtime_has_a_default_endpoint_and_what_others_have(control: Any, runtime_id: str) -> None:
    shown = control.get_agent_runtime(agentRuntimeId=runtime_id)
    assert (shown["status"], shown["agentRuntimeVersion"]) == ("READY", "1")
    assert shown["agentRuntimeArn"] == f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/{runtime_id}"
    assert shown["lifecycleConfiguration"] == {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}
    assert shown["metadataConfiguration"] == {"requireMMDSV2": True}
    endpoint = control.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="DEFAULT")
    assert (endpoint["status"], endpoint["liveVersion"]) == ("READY", "1")


def test_an_update_is_a_full_put_and_comes_to_an_end(control: Any, runtime_id: str) -> None:
    control.update_agent_runtime(agentRuntimeId=runtime_id, **settings("v2"))
    shown = control.get_agent_runtime(agentRuntimeId=runtime_id)
    assert (shown["status"], shown["agentRuntimeVersion"]) == ("READY", "2")
    assert "environmentVariables" not in shown
    endpoints = control.list_agent_runtime_endpoints(agentRuntimeId=runtime_id)["runtimeEndpoints"]
    assert [(endpoint["name"], endpoint["liveVersion"]) for endpoint in endpoints] == [("DEFAULT", "2")]


def test_an_older_version_is_shown_as_it_was(control: Any, runtime_id: str) -> None:
    control.update_agent_runtime(agentRuntimeId=runtime_id, **settings("v2"))
    old = control.get_agent_runtime(agentRuntimeId=runtime_id, agentRuntimeVersion="1")
    assert old["agentRuntimeArtifact"]["containerConfiguration"]["containerUri"].endswith(":v1")
    assert (old["agentRuntimeVersion"], old["environmentVariables"]) == ("1", {"K": "1"})


def test_tags_stay_over_an_update(control: Any, runtime_id: str) -> None:
    control.update_agent_runtime(agentRuntimeId=runtime_id, **settings("v2"))
    arn = control.get_agent_runtime(agentRuntimeId=runtime_id)["agentRuntimeArn"]
    control.tag_resource(resourceArn=arn, tags={"c": "d"})
    control.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert control.list_tags_for_resource(resourceArn=arn)["tags"] == {"c": "d"}


def test_an_id_has_the_shape_of_the_services(control: Any, runtime_id: str) -> None:
    assert re.fullmatch(r"one-[a-zA-Z0-9]{10}", runtime_id)
    (listed,) = control.list_agent_runtimes()["agentRuntimes"]
    assert listed["agentRuntimeId"] == runtime_id
    (version,) = control.list_agent_runtime_versions(agentRuntimeId=runtime_id)["agentRuntimes"]
    assert version["agentRuntimeId"] == runtime_id


def test_a_name_is_taken_once(control: Any, runtime_id: str) -> None:
    with pytest.raises(control.exceptions.ConflictException):
        control.create_agent_runtime(agentRuntimeName="one", **settings("v1"))
    control.delete_agent_runtime(agentRuntimeId=runtime_id)
    with pytest.raises(control.exceptions.ResourceNotFoundException):
        control.get_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="DEFAULT")
    control.create_agent_runtime(agentRuntimeName="one", **settings("v1"))
