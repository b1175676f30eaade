"""Requests as boto3 makes them are read back as the calls that they are."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest

from tests.fakes.aws_calls import Call, Request, read_call

ROLE = "AmazonBedrockAgentCore-bot-1"
RUNTIME = "bot-0123456789"
ARN = f"arn:aws:bedrock-agentcore:us-west-2:123456789012:runtime/{RUNTIME}"
CASES = [
    ("sts", "get_caller_identity", {}, "sts:GetCallerIdentity", "*"),
    ("iam", "get_role", {"RoleName": ROLE}, "iam:GetRole", f"arn:aws:iam::123456789012:role/{ROLE}"),
    (
        "iam",
        "create_role",
        {"RoleName": ROLE, "Path": "/agents/", "AssumeRolePolicyDocument": "{}"},
        "iam:CreateRole",
        f"arn:aws:iam::123456789012:role/agents/{ROLE}",
    ),
    ("ecr", "get_authorization_token", {}, "ecr:GetAuthorizationToken", "*"),
    (
        "ecr",
        "describe_repositories",
        {"repositoryNames": ["one"]},
        "ecr:DescribeRepositories",
        "arn:aws:ecr:us-west-2:123456789012:repository/one",
    ),
    (
        "logs",
        "put_retention_policy",
        {"logGroupName": "/aws/one", "retentionInDays": 1},
        "logs:PutRetentionPolicy",
        "arn:aws:logs:us-west-2:123456789012:log-group:/aws/one",
    ),
    ("bedrock-agentcore-control", "list_agent_runtimes", {}, "bedrock-agentcore:ListAgentRuntimes", f"{ARN[:-14]}*"),
    (
        "bedrock-agentcore-control",
        "get_agent_runtime",
        {"agentRuntimeId": RUNTIME, "agentRuntimeVersion": "1"},
        "bedrock-agentcore:GetAgentRuntime",
        ARN,
    ),
    (
        "bedrock-agentcore-control",
        "get_agent_runtime_endpoint",
        {"agentRuntimeId": RUNTIME, "endpointName": "DEFAULT"},
        "bedrock-agentcore:GetAgentRuntimeEndpoint",
        f"{ARN}/runtime-endpoint/DEFAULT",
    ),
    (
        "bedrock-agentcore-control",
        "list_tags_for_resource",
        {"resourceArn": ARN},
        "bedrock-agentcore:ListTagsForResource",
        ARN,
    ),
    (
        "bedrock-agentcore",
        "invoke_agent_runtime",
        {"agentRuntimeArn": ARN, "payload": b"{}"},
        "bedrock-agentcore:InvokeAgentRuntime",
        ARN,
    ),
]


# One for all: each session reads botocore's models anew.
_SESSION = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-west-2")


class _Enough(Exception):
    """Nothing is sent."""


def request_of(service: str, operation: str, parameters: dict[str, Any]) -> Request:
    """What boto3 would send."""
    seen: list[AWSPreparedRequest] = []

    def stop(request: AWSPreparedRequest, **others: Any) -> None:
        seen.append(request)
        raise _Enough

    client = _SESSION.client(service)
    client.meta.events.register("before-send", stop)
    with pytest.raises(_Enough):
        getattr(client, operation)(**parameters)
    client.close()
    request = seen[0]
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    body = request.body or b""
    path = "/" + request.url.split("/", 3)[3]
    return Request(request.method, path, headers, body.encode() if isinstance(body, str) else body)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


@pytest.mark.parametrize(("service", "operation", "parameters", "name", "resource"), CASES, ids=[c[1] for c in CASES])
def test_a_request_is_named(service: str, operation: str, parameters: dict[str, Any], name: str, resource: str) -> None:
    call = read_call(request_of(service, operation, parameters))
    assert (call.name, call.resource) == (name, resource)


def test_an_unsigned_request_is_none_of_aws() -> None:
    with pytest.raises(ValueError, match="not signed"):
        read_call(Request("GET", "/", {}, b""))


def test_a_call_knows_its_protocol() -> None:
    assert Call("iam", "GetRole", "*").is_query
    assert Call("bedrock-agentcore", "GetAgentRuntime", "*").is_rest
    assert not Call("ecr", "PutImage", "*").is_query


def test_a_bearer_s_call_is_agentcore_s_in_the_runtime_s_region() -> None:
    path = "/runtimes/arn%3Aaws%3Abedrock-agentcore%3Aeu-west-1%3A123456789012%3Aruntime%2Fbot-abcdefghij/commands"
    call = read_call(Request("POST", path, {"authorization": "Bearer a.b.c"}, b"{}"))
    assert call.name == "bedrock-agentcore:InvokeAgentRuntimeCommand"
    assert ":eu-west-1:" in call.resource
