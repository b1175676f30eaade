"""Resource policies of runtimes and endpoints through boto3."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.contract import endpoint_arn
from tests.fakes.control import SETTINGS, policy_of
from tests.functional.local.control.waiting import gone_endpoint, settled, settled_endpoint


@pytest.fixture
def arn(client: Any) -> str:
    made = client.create_agent_runtime(agentRuntimeName="agent", **SETTINGS)
    settled(client, made["agentRuntimeId"])
    return str(made["agentRuntimeArn"])


def test_a_policy_is_put_given_back_as_it_came_replaced_and_deleted(client: Any, arn: str) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="No resource policy"):
        client.get_resource_policy(resourceArn=arn)
    for policy in (policy_of(arn), policy_of(arn, Effect="Deny", Principal="*")):
        answer = client.put_resource_policy(resourceArn=arn, policy=policy)
        assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["policy"]) == (201, policy)
        assert client.get_resource_policy(resourceArn=arn)["policy"] == policy
    answer = client.delete_resource_policy(resourceArn=arn)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_resource_policy(resourceArn=arn)


def test_an_endpoint_has_one_of_its_own_which_goes_with_it(client: Any, arn: str) -> None:
    runtime_id, prod = arn.rpartition("/")[2], endpoint_arn(arn, "prod")
    for _ in range(2):
        client.create_agent_runtime_endpoint(agentRuntimeId=runtime_id, name="prod")
        settled_endpoint(client, runtime_id, "prod")
        for other in (prod, arn):
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                client.get_resource_policy(resourceArn=other)
        client.put_resource_policy(resourceArn=prod, policy=policy_of(prod))
        client.delete_agent_runtime_endpoint(agentRuntimeId=runtime_id, endpointName="prod")
        gone_endpoint(client, runtime_id, "prod")


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        pytest.param("{", "not a resource policy", id="no-json"),
        pytest.param('{"Statement": [{}]}', "not a resource policy", id="no-version"),
        pytest.param('{"Version": "2012-10-17", "Statement": []}', "Statement", id="no-statement"),
        pytest.param(policy_of("*"), "Resource of statement 1 must be arn:aws", id="another-resource"),
        pytest.param(policy_of("*", Effect="Perhaps"), "statement 1 needs Effect and Principal", id="no-effect"),
    ],
)
def test_what_is_no_policy_of_the_resource_is_refused(client: Any, arn: str, policy: str, message: str) -> None:
    with pytest.raises(client.exceptions.ValidationException, match=message):
        client.put_resource_policy(resourceArn=arn, policy=policy)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_resource_policy(resourceArn=arn)


def test_nothing_that_is_not_here_has_one(client: Any, arn: str) -> None:
    for gone in (f"{arn[:-1]}_", endpoint_arn(arn, "gone")):
        with pytest.raises(client.exceptions.ResourceNotFoundException, match="No resource found"):
            client.put_resource_policy(resourceArn=gone, policy=policy_of(gone))
