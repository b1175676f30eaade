"""Tags of runtimes and endpoints through boto3."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.control import SETTINGS
from tests.fakes.control_server import ControlServer
from tests.functional.local.control.waiting import gone_endpoint, settled, settled_endpoint


@pytest.fixture
def runtime(client: Any) -> Any:
    made = client.create_agent_runtime(agentRuntimeName="agent", **SETTINGS, tags={"team": "blue"})
    settled(client, made["agentRuntimeId"])
    return made


def tags(client: Any, arn: str) -> Any:
    return client.list_tags_for_resource(resourceArn=arn)["tags"]


def test_tags_are_given_changed_and_taken_away(client: Any, runtime: Any) -> None:
    arn = runtime["agentRuntimeArn"]
    assert tags(client, arn) == {"team": "blue"}

    answer = client.tag_resource(resourceArn=arn, tags={"team": "red", "stage": "test", "empty": ""})
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags(client, arn) == {"team": "red", "stage": "test", "empty": ""}

    client.untag_resource(resourceArn=arn, tagKeys=["team", "empty", "never there"])
    assert tags(client, arn) == {"stage": "test"}


def test_an_endpoint_has_tags_of_its_own(client: Any, runtime: Any) -> None:
    runtime_id = runtime["agentRuntimeId"]
    endpoint = {"agentRuntimeId": runtime_id, "name": "prod", "tags": {"stage": "prod"}}
    arn = client.create_agent_runtime_endpoint(**endpoint)["agentRuntimeEndpointArn"]
    assert (tags(client, arn), tags(client, runtime["agentRuntimeArn"])) == ({"stage": "prod"}, {"team": "blue"})

    settled_endpoint(client, runtime_id, "prod")
    client.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="prod")
    gone_endpoint(client, runtime_id, "prod")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        tags(client, arn)
    client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod")
    assert tags(client, arn) == {}


def test_a_resource_has_at_most_fifty(client: Any, runtime: Any) -> None:
    arn = runtime["agentRuntimeArn"]
    client.tag_resource(resourceArn=arn, tags={f"key{number}": "x" for number in range(49)})
    with pytest.raises(client.exceptions.ServiceQuotaExceededException, match="50 tags"):
        client.tag_resource(resourceArn=arn, tags={"one": "more"})
    client.tag_resource(resourceArn=arn, tags={"team": "changed"})
    assert len(tags(client, arn)) == 50


def test_keys_of_aws_are_refused(client: Any, runtime: Any) -> None:
    with pytest.raises(client.exceptions.ValidationException, match="aws: prefixed"):
        client.tag_resource(resourceArn=runtime["agentRuntimeArn"], tags={"aws:owner": "me"})


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/nobody-0123456789",
        "arn:aws:bedrock-agentcore:us-west-2:000000000000:memory/memory-0123456789",
        "{arn}/runtime-endpoint/nowhere",
        "{arn}/runtime-endpoint/DEFAULT/more/1",
    ],
)
def test_what_is_not_here_is_not_found(client: Any, runtime: Any, arn: str) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        tags(client, arn.format(arn=runtime["agentRuntimeArn"]))


def test_another_regions_door_does_not_know_the_resource(server: ControlServer, client: Any, runtime: Any) -> None:
    elsewhere = server.client("eu-central-1")
    with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
        tags(elsewhere, runtime["agentRuntimeArn"])
    elsewhere.close()
