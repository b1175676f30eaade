"""What is missing when AWS says no."""

from __future__ import annotations

from typing import Any

import pytest

from agentcore_cli.aws.denials import Denial, action_of, denial

USER = "User: arn:aws:iam::123456789012:user/eve"
ROLE = "arn:aws:iam::123456789012:role/AmazonBedrockAgentCore-bot-1a2b3c4d"
GROUP = "/aws/bedrock-agentcore/runtimes/bot-AbCdEf0123-DEFAULT"

CASES: list[Any] = [
    pytest.param(
        f"{USER} is not authorized to perform: iam:CreateRole on resource: {ROLE} because no identity-based policy "
        "allows the iam:CreateRole action",
        ("iam", "CreateRole", {}),
        Denial("iam:CreateRole", ROLE),
        id="the-message-says-both",
    ),
    pytest.param(
        f"{USER} is not authorized to perform: iam:PassRole on resource: {ROLE}",
        ("bedrock-agentcore-control", "CreateAgentRuntime", {"roleArn": ROLE}),
        Denial("iam:PassRole", ROLE),
        id="another-action-than-the-operation",
    ),
    pytest.param(
        f"{USER} is not authorized to perform: ecr:CreateRepository on resource: "
        "arn:aws:ecr:us-west-2:123456789012:repository/bot with an explicit deny in a service control policy",
        ("ecr", "CreateRepository", {}),
        Denial("ecr:CreateRepository", "arn:aws:ecr:us-west-2:123456789012:repository/bot", "service control policy"),
        id="explicit-deny",
    ),
    pytest.param(
        f"{USER} is not authorized to perform: iam:GetRole",
        ("iam", "GetRole", {"RoleName": "bot"}),
        Denial("iam:GetRole", "arn:aws:iam::*:role/bot"),
        id="no-resource-in-the-message",
    ),
    pytest.param(
        "", ("ecr", "DescribeRepositories", {"repositoryNames": ["a/b"], "registryId": "210987654321"}),
        Denial("ecr:DescribeRepositories", "arn:aws:ecr:us-west-2:210987654321:repository/a/b"),
        id="a-list-of-one-repository",
    ),
    pytest.param(
        "", ("ecr", "GetAuthorizationToken", {}), Denial("ecr:GetAuthorizationToken", "*"), id="no-resource-at-all"
    ),
    pytest.param(
        "", ("logs", "DeleteLogGroup", {"logGroupName": GROUP}),
        Denial("logs:DeleteLogGroup", f"arn:aws:logs:us-west-2:*:log-group:{GROUP}"),
        id="log-group",
    ),
    pytest.param(
        "", ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "/aws/"}),
        Denial("logs:DescribeLogGroups", "arn:aws:logs:us-west-2:*:log-group:/aws/*"),
        id="log-groups-by-prefix",
    ),
    pytest.param(
        "", ("bedrock-agentcore-control", "UpdateAgentRuntime", {"agentRuntimeId": "bot-AbCdEf0123"}),
        Denial("bedrock-agentcore:UpdateAgentRuntime", "arn:aws:bedrock-agentcore:us-west-2:*:runtime/bot-AbCdEf0123"),
        id="runtime",
    ),
    pytest.param(
        "", ("ecr", "ListTagsForResource", {"resourceArn": "arn:aws:ecr:us-west-2:1:repository/a"}),
        Denial("ecr:ListTagsForResource", "arn:aws:ecr:us-west-2:1:repository/a"),
        id="an-arn-among-the-parameters",
    ),
    pytest.param(
        "", ("s3", "HeadObject", {"Bucket": "b", "Key": "k.zip"}), Denial("s3:GetObject", "arn:aws:s3:::b/k.zip"),
        id="an-action-of-another-name",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("message", "call", "expected"), CASES)
def test_a_denial_names_action_and_resource(message: str, call: Any, expected: Denial) -> None:
    assert denial(message, *call, "us-west-2") == expected


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_the_resource_is_of_the_regions_partition(region: str, partition: str) -> None:
    assert denial("", "iam", "GetRole", {"RoleName": "r"}, region).resource == f"arn:{partition}:iam::*:role/r"


def test_an_action_is_called_like_the_operation_unless_aws_calls_it_otherwise() -> None:
    assert action_of("iam", "CreateRole") == "iam:CreateRole"
    assert action_of("bedrock-agentcore-control", "GetAgentRuntime") == "bedrock-agentcore:GetAgentRuntime"
    assert action_of("s3", "ListObjectsV2") == "s3:ListBucket"
