"""What a session's own token opens, and what it doesn't: every operation, by the variables of a session."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.exceptions import ClientError
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.attacks.inside import Inside, refused_call
from tests.local_runtime import ONE_ATTEMPT, REGION, Answer, RunningServer, invocations, runtime_id

AGENTS = Path(__file__).parents[1] / "agents"
MINE, THEIRS = {"agentcore:project": "mine-123456"}, {"agentcore:project": "theirs-123456"}
ROLE = "arn:aws:iam::000000000000:role/AmazonBedrockAgentCoreLocal"


@pytest.fixture(scope="module")
def runtimes(server: RunningServer) -> dict[str, str]:
    """ARNs: two of one project, one of another, two of none."""
    tags = {"mine": MINE, "sibling": MINE, "theirs": THEIRS, "nobodys": {}, "nobodys_other": {}}
    return {name: server.deploy(AGENTS / "many_answers.py", name=name, tags=its) for name, its in tags.items()}


@pytest.fixture(scope="module")
def inside(server: RunningServer, runtimes: dict[str, str]) -> Iterator[Inside]:
    within = Inside(server, runtimes["mine"])
    yield within
    within.close()


@pytest.mark.parametrize(
    ("caller", "called", "opens"),
    [
        ("mine", "mine", True),
        ("mine", "sibling", True),
        ("mine", "theirs", False),
        ("mine", "nobodys", False),
        ("theirs", "mine", False),
        ("nobodys", "nobodys", True),
        ("nobodys", "nobodys_other", False),
        ("nobodys", "mine", False),
    ],
)
def test_whose_runtimes_it_opens(
    server: RunningServer, runtimes: dict[str, str], caller: str, called: str, opens: bool
) -> None:
    within = Inside(server, runtimes[caller])
    asked = {"agentRuntimeArn": runtimes[called], "payload": b"{}"}
    if opens:
        assert within.data.invoke_agent_runtime(**asked)["statusCode"] == 200
    else:
        words = refused_call(within.data.invoke_agent_runtime, **asked)
        assert words.endswith(
            f"not authorized to perform: bedrock-agentcore:InvokeAgentRuntime on resource: {runtimes[called]}"
        )
    within.close()


CONTROL: dict[str, dict[str, Any]] = {
    "create_agent_runtime": {
        "agentRuntimeName": "x",
        "agentRuntimeArtifact": {
            "containerConfiguration": {"containerUri": "000000000000.dkr.ecr.us-west-2.amazonaws.com/a:1"}
        },
        "roleArn": ROLE,
        "networkConfiguration": {"networkMode": "PUBLIC"},
    },
    "get_agent_runtime": {"agentRuntimeId": "ID"},
    "update_agent_runtime": {
        "agentRuntimeId": "ID",
        "agentRuntimeArtifact": {
            "containerConfiguration": {"containerUri": "000000000000.dkr.ecr.us-west-2.amazonaws.com/a:1"}
        },
        "roleArn": ROLE,
        "networkConfiguration": {"networkMode": "PUBLIC"},
        "environmentVariables": {"PYTHONPATH": "/tmp"},
    },
    "delete_agent_runtime": {"agentRuntimeId": "ID"},
    "list_agent_runtimes": {},
    "list_agent_runtime_versions": {"agentRuntimeId": "ID"},
    "create_agent_runtime_endpoint": {"agentRuntimeId": "ID", "name": "x"},
    "get_agent_runtime_endpoint": {"agentRuntimeId": "ID", "endpointName": "DEFAULT"},
    "update_agent_runtime_endpoint": {"agentRuntimeId": "ID", "endpointName": "DEFAULT"},
    "delete_agent_runtime_endpoint": {"agentRuntimeId": "ID", "endpointName": "DEFAULT"},
    "list_agent_runtime_endpoints": {"agentRuntimeId": "ID"},
    "tag_resource": {"resourceArn": "ARN", "tags": {"agentcore:project": "theirs-123456"}},
    "untag_resource": {"resourceArn": "ARN", "tagKeys": ["agentcore:project"]},
    "list_tags_for_resource": {"resourceArn": "ARN"},
    "put_resource_policy": {"resourceArn": "ARN", "policy": "{}"},
    "get_resource_policy": {"resourceArn": "ARN"},
    "delete_resource_policy": {"resourceArn": "ARN"},
}


@pytest.mark.parametrize("operation", CONTROL)
def test_the_control_plane_is_closed(server: RunningServer, inside: Inside, operation: str) -> None:
    places = {"ID": runtime_id(inside.arn), "ARN": inside.arn}
    asked = {
        name: places.get(value, value) if isinstance(value, str) else value
        for name, value in CONTROL[operation].items()
    }
    name = "".join(part.capitalize() for part in operation.split("_"))
    assert f"perform: bedrock-agentcore:{name} on" in refused_call(getattr(inside.control, operation), **asked)


def test_every_operation_of_the_control_plane_is_in_that_table() -> None:
    from agentcore_cli.local.control.operations import OPERATIONS

    assert {"".join(part.capitalize() for part in name.split("_")) for name in CONTROL} == {
        operation.name for operation in OPERATIONS
    }


def test_commands_and_stops_are_closed(inside: Inside) -> None:
    """Of its own session, too: its role could do neither."""
    names = {"agentRuntimeArn": inside.arn, "runtimeSessionId": inside.session}
    words = refused_call(inside.data.invoke_agent_runtime_command, **names, body={"command": "id"})
    assert "bedrock-agentcore:InvokeAgentRuntimeCommand" in words
    assert "bedrock-agentcore:StopRuntimeSession" in refused_call(inside.data.stop_runtime_session, **names)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_local/health"),
        ("GET", "/_local/sessions"),
        ("GET", "/_local/artifacts"),
        ("POST", "/_local/clock"),
        ("POST", "/_local/faults"),
        ("PUT", "/_local/credentials"),
        ("POST", "/_local/foreseen"),
        ("POST", "/_local/shutdown"),
        ("GET", "/_local/whatever"),
        ("GET", "//_local/health"),
        ("GET", "/../_local/health"),
        ("GET", "/%5Flocal/health"),
        ("GET", "/"),
        ("GET", ""),
    ],
)
def test_the_rest_is_closed(server: RunningServer, inside: Inside, method: str, path: str) -> None:
    answer = server.ask(method, inside.path + path, b"{}", {})
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")


@pytest.mark.parametrize("protocol", ["HTTP", "MCP", "A2A", "AGUI"])
def test_every_protocols_runtimes_of_the_project(server: RunningServer, inside: Inside, protocol: str) -> None:
    port_of = {"A2A": AGENTS / "servers" / "a2a.py"}
    arn = server.deploy(
        port_of.get(protocol, AGENTS / "many_answers.py"),
        name=f"protocol_{protocol}",
        protocolConfiguration={"serverProtocol": protocol} | ({"port": 8080} if protocol == "MCP" else {}),
        tags=MINE,
    )
    headers = {"Accept": "application/json, text/event-stream"}
    answer = server.ask("POST", inside.path + invocations(arn), b'{"jsonrpc": "2.0", "id": 1, "method": "x"}', headers)
    assert answer.status != 403
    assert b"authorized" not in answer.body
    server.control.delete_agent_runtime(agentRuntimeId=runtime_id(arn))


def test_the_signature_does_not_matter(server: RunningServer, inside: Inside) -> None:
    path = inside.path + invocations(inside.arn)
    for headers in (
        {},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=a"},
        {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=0"},
        {"Authorization": "Basic eDp5"},
        {"X-Amz-Content-SHA256": "0"},
    ):
        assert server.ask("POST", path, b"{}", headers).status == 200


def test_a_bearer_is_no_way_around(server: RunningServer, inside: Inside, runtimes: dict[str, str]) -> None:
    for arn in (inside.arn, runtimes["theirs"]):
        answer = server.ask("POST", inside.path + invocations(arn), b"{}", {"Authorization": "Bearer a.b.c"})
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    path = inside.path + invocations(inside.arn).replace("invocations", "commands")
    assert server.ask("POST", path, b"{}", {"Authorization": "Bearer a.b.c"}).status == 403


@pytest.mark.parametrize(
    "headers", [{"Host": "example.org"}, {"Host": "localhost:1"}, {"Origin": "null"}, {"Origin": "http://localhost"}]
)
def test_not_from_another_host_or_page(server: RunningServer, inside: Inside, headers: dict[str, str]) -> None:
    answer = server.ask("POST", inside.path + invocations(inside.arn), b"{}", headers)
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")


def test_websockets(server: RunningServer, inside: Inside, runtimes: dict[str, str]) -> None:
    base = inside.url.replace("http://", "ws://")
    for arn, status in ((inside.arn, 424), (runtimes["theirs"], 403)):  # 424: this agent has no WebSocket
        with pytest.raises(InvalidStatus) as refused, connect(f"{base}/runtimes/{quote(arn, safe='')}/ws", proxy=None):
            pass
        assert refused.value.response.status_code == status


def test_without_its_token_a_session_is_nobody(server: RunningServer, inside: Inside) -> None:
    """Neither its credentials nor a token of its own making open anything."""
    boto = boto3.Session(inside.seen["AWS_ACCESS_KEY_ID"], inside.seen["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    client = boto.client("bedrock-agentcore", endpoint_url=server.info.url, config=ONE_ATTEMPT)
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        client.invoke_agent_runtime(agentRuntimeArn=inside.arn, payload=b"{}")
    client.close()
    for made in ("", "a", inside.token[:-1], inside.token + "a", inside.token.lower(), "%00", "é"):
        answer = server.ask("POST", f"/_session/{quote(made)}{invocations(inside.arn)}", b"{}", {})
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "UnrecognizedClientException")


def test_a_token_ends_with_its_session(server: RunningServer, runtimes: dict[str, str]) -> None:
    within = Inside(server, runtimes["mine"])
    asked = {"agentRuntimeArn": within.arn, "payload": b"{}"}
    assert within.data.invoke_agent_runtime(**asked)["statusCode"] == 200
    server.data.stop_runtime_session(agentRuntimeArn=within.arn, runtimeSessionId=within.session)
    with pytest.raises(ClientError, match=r"UnrecognizedClientException.*security token .* is invalid"):
        within.data.invoke_agent_runtime(**asked)
    again = server.invoke(within.arn, b'{"do": "environment"}', within.session).json()
    assert again["AWS_ENDPOINT_URL_BEDROCK_AGENTCORE"] != within.url
    within.close()


def test_each_session_has_one_of_its_own(server: RunningServer, runtimes: dict[str, str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda _: Inside(server, runtimes["mine"]).token, range(8)))
    assert len({*tokens}) == 8
    assert all(len(token) == 43 for token in tokens)


def test_a_token_is_written_down_nowhere(server: RunningServer, inside: Inside, runtimes: dict[str, str]) -> None:
    answers: list[Answer] = []
    for arn in (inside.arn, runtimes["theirs"], inside.arn + "x"):
        for operation in ("invocations", "commands", "stopruntimesession", "nowhere"):
            path = inside.path + invocations(arn).replace("invocations", operation)
            answers.append(server.ask("POST", path, b'{"do": "fail"}', {}))
    shown = json.dumps([str(answer.headers) + answer.body.decode(errors="replace") for answer in answers])
    assert inside.token not in shown
    assert inside.token not in repr(server.local.sessions())
    assert list(server.files_with(inside.token)) == []
