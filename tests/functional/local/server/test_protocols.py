"""MCP, A2A and AGUI agents: their ports and paths, what passes through, and how their errors look."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from tests.environments import agent_environment
from tests.local_runtime import SESSION_HEADER, Answer, RunningServer, invocations, new_session

REPOSITORY = Path(__file__).parents[4]
AGENTS = REPOSITORY / "tests" / "agents"
MCP_TYPES = "application/json, text/event-stream"


@pytest.fixture(scope="module")
def mcp_python() -> Path:
    return agent_environment("mcp<2")


def deploy_mcp(server: RunningServer, python: Path, name: str, port: int | None = None, **variables: str) -> str:
    protocol: dict[str, Any] = {"serverProtocol": "MCP"} | ({"port": port} if port else {})
    return server.deploy(
        AGENTS / "servers" / "mcp_server.py",
        name=name,
        interpreter=python,
        environment=python.parents[1],
        protocolConfiguration=protocol,
        environmentVariables=variables,
    )


@pytest.fixture(scope="module")
def mcp(server: RunningServer, mcp_python: Path) -> str:
    return deploy_mcp(server, mcp_python, "calculator")


@pytest.fixture(scope="module")
def a2a(server: RunningServer) -> str:
    return server.deploy(AGENTS / "servers" / "a2a.py", name="echo", protocolConfiguration={"serverProtocol": "A2A"})


@pytest.fixture(scope="module")
def agui(server: RunningServer) -> str:
    return server.deploy(AGENTS / "many_answers.py", name="agui", protocolConfiguration={"serverProtocol": "AGUI"})


def talk(server: RunningServer, python: Path, arn: str, calls: list[Any], **headers: str) -> Any:
    """A whole session of the MCP SDK's client, each request of which is signed."""
    told = json.dumps({"key": server.info.key, "headers": headers, "calls": calls})
    done = subprocess.run(
        [python, AGENTS / "mcp_client.py", server.info.url + invocations(arn)],
        input=told,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rpc(method: str, **params: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).encode()


def ask_mcp(server: RunningServer, arn: str, body: bytes, **headers: str) -> Answer:
    return server.invoke(arn, body, **({"Accept": MCP_TYPES} | headers))


@pytest.mark.long
def test_the_mcp_sdks_client_keeps_to_one_session(server: RunningServer, mcp: str, mcp_python: Path) -> None:
    heard = talk(server, mcp_python, mcp, [["add", {"a": 2, "b": 3}], ["count", {}], ["ask", {}]])
    assert heard["tools"] == ["add", "count", "ask"]
    assert heard["results"] == ["5", "1", heard["session"]]
    (record,) = [record for record in server.living(mcp) if record.session_id == heard["session"]]
    assert record.invocations >= 5
    again = talk(server, mcp_python, mcp, [["count", {}]])
    assert again["results"] == ["0"]
    assert again["session"] != heard["session"]


def test_an_mcp_server_with_sessions_of_its_own(server: RunningServer, mcp_python: Path) -> None:
    arn = deploy_mcp(server, mcp_python, "stateful", STATEFUL="1")
    heard = talk(server, mcp_python, arn, [["add", {"a": 2, "b": 3}], ["count", {}], ["ask", {}]])
    assert heard["results"][:2] == ["5", "1"]
    assert heard["results"][2] not in ("", heard["session"])
    assert [record.session_id for record in server.living(arn)] == [heard["session"]]


def test_boto3_speaks_mcp(server: RunningServer, mcp: str) -> None:
    answer = server.data.invoke_agent_runtime(
        agentRuntimeArn=mcp,
        payload=rpc("tools/call", name="add", arguments={"a": 40, "b": 2}),
        contentType="application/json",
        accept=MCP_TYPES,
        mcpProtocolVersion="2025-06-18",
    )
    assert answer["mcpSessionId"] == answer["runtimeSessionId"]
    event = answer["response"].read().decode()
    assert '"text":"42"' in event.replace(" ", "")


def test_an_mcp_notification_is_just_accepted(server: RunningServer, mcp: str) -> None:
    body = b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'
    assert ask_mcp(server, mcp, body).status == 202


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_only_post_is_served_to_mcp_clients(server: RunningServer, mcp: str, answers: str, method: str) -> None:
    refused = server.ask(method, invocations(mcp), None, server.headers())
    assert (refused.status, refused.json()["error"]["code"]) == (405, -32603)
    assert server.ask(method, invocations(answers), None, server.headers()).status == 404


def test_errors_as_an_mcp_client_expects_them(server: RunningServer, mcp: str) -> None:
    def refused(status: int, code: int, answer: Answer) -> dict[str, Any]:
        body: dict[str, Any] = answer.json()
        assert answer.headers["content-type"] == "application/json"
        assert (answer.status, body["jsonrpc"], body["error"]["code"]) == (status, "2.0", code)
        return body

    listing = rpc("tools/list")
    assert refused(200, -32006, ask_mcp(server, mcp, listing, **{SESSION_HEADER: "short"}))["id"] == 7
    assert "accept both" in refused(406, -32011, ask_mcp(server, mcp, listing, Accept="text/html"))["error"]["message"]
    assert refused(406, -32011, ask_mcp(server, mcp, listing, Accept="application/json"))["id"] == 7
    nobody = server.ask("POST", invocations(mcp), listing, {"Accept": MCP_TYPES})
    refused(403, -32002, nobody)
    assert "www-authenticate" not in nobody.headers
    refused(403, -32002, server.ask("POST", invocations(mcp), listing, {"Authorization": "Bearer a.b.c"}))
    server.local.arm_fault("throttle", 1)
    with_plain_words = ask_mcp(server, mcp, listing)  # whose protocol it is was not known yet
    assert with_plain_words.status == 429
    broken = refused(200, -32010, ask_mcp(server, mcp, b"{", **{"Content-Type": "application/json"}))
    assert broken["error"]["message"].startswith("Received error (400) from runtime")


def test_an_mcp_server_that_does_not_start(server: RunningServer) -> None:
    arn = server.deploy("raise SystemExit('no')", name="no_mcp", protocolConfiguration={"serverProtocol": "MCP"})
    body = ask_mcp(server, arn, rpc("tools/list")).json()
    assert (body["id"], body["error"]["code"]) == (7, -32010)
    assert "exited with status 1" in body["error"]["message"]
    assert body["error"]["data"]["detail"].splitlines()[-1] == "no"


def test_an_mcp_server_with_an_authorizer(server: RunningServer) -> None:
    arn = server.deploy(
        "",
        name="mcp_jwt",
        protocolConfiguration={"serverProtocol": "MCP"},
        authorizerConfiguration={
            "customJWTAuthorizer": {"discoveryUrl": "https://example.org/.well-known/openid-configuration"}
        },
    )
    refused = server.ask("POST", invocations(arn), rpc("initialize"), {"Accept": MCP_TYPES})
    assert refused.status == 401
    assert refused.headers["www-authenticate"].startswith('Bearer resource_metadata="http://')
    assert refused.json()["error"] == {"code": -32001, "message": "Missing Authentication Token"}


def test_an_a2a_agent(server: RunningServer, a2a: str) -> None:
    session = new_session()
    told = server.invoke(a2a, rpc("message/send", text="hello"), session)
    assert told.json() == {"jsonrpc": "2.0", "id": 7, "result": {"path": "/", "params": {"text": "hello"}}}
    streamed = server.invoke(a2a, rpc("message/stream"), session)
    assert streamed.headers["content-type"] == "text/event-stream"
    assert streamed.body.count(b"data: ") == 3
    assert [record.invocations for record in server.living(a2a) if record.session_id == session] == [2]


def test_the_card_of_an_a2a_agent(server: RunningServer, a2a: str) -> None:
    session = new_session()
    told = server.data.get_agent_card(agentRuntimeArn=a2a, runtimeSessionId=session)
    assert told["runtimeSessionId"] == session
    assert told["agentCard"]["name"] == "echo"
    address = f"{server.info.url}/runtimes/{quote(a2a, safe='')}/invocations/"
    assert told["agentCard"]["url"] == address
    card = server.ask("GET", address.removeprefix(server.info.url) + ".well-known/agent-card.json", None)
    assert card.json() == told["agentCard"]
    assert server.ask("POST", address.removeprefix(server.info.url), rpc("message/send")).status == 200


def test_no_card(server: RunningServer) -> None:
    source = (AGENTS / "servers" / "a2a.py").read_text().replace("/.well-known/agent-card.json", "/no-card")
    arn = server.deploy(source, name="no_card", protocolConfiguration={"serverProtocol": "A2A"})
    with pytest.raises(ClientError) as refused:
        server.data.get_agent_card(agentRuntimeArn=arn)
    assert refused.value.response["Error"]["Code"] == "RuntimeClientError"
    with pytest.raises(ClientError) as refused:
        server.data.get_agent_card(agentRuntimeArn=arn, qualifier="nowhere")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_errors_as_an_a2a_client_expects_them(server: RunningServer, a2a: str) -> None:
    failed = server.invoke(a2a, rpc("fail"), new_session())
    assert (failed.status, failed.json()["id"], failed.json()["error"]["code"]) == (424, 7, -32055)
    assert failed.json()["error"]["data"]["detail"].startswith('{"error": "as asked"}')
    short = server.invoke(a2a, rpc("message/send"), "short")
    assert (short.status, short.json()["error"]["code"]) == (400, -32052)
    denied = server.ask("POST", invocations(a2a), rpc("message/send"), {})
    assert (denied.status, denied.json()) == (403, {"message": "Missing Authentication Token"})


def test_an_agui_agent(server: RunningServer, agui: str) -> None:
    streamed = server.invoke(agui, b'{"do": "stream", "events": 2, "pause": 0}', new_session())
    assert streamed.headers["content-type"] == "text/event-stream"
    assert streamed.body == b"data: 0\n\ndata: 1\n\n"


def test_errors_as_an_agui_client_expects_them(server: RunningServer, agui: str) -> None:
    def event(answer: Answer) -> dict[str, Any]:
        assert answer.headers["content-type"] == "text/event-stream"
        told: dict[str, Any] = json.loads(answer.body.removeprefix(b"data: "))
        assert told.pop("type") == "RUN_ERROR"
        assert told["message"]
        return told

    failed = server.invoke(agui, b'{"do": "fail", "status": 500}', new_session())
    assert (failed.status, event(failed)["code"]) == (200, "AGENT_ERROR")
    short = server.invoke(agui, b"{}", "short")
    assert (short.status, event(short)["code"]) == (400, "VALIDATION_ERROR")
    denied = server.ask("POST", invocations(agui), b"{}", {})
    assert (denied.status, event(denied)["code"]) == (403, "ACCESS_DENIED")


def test_other_operations_speak_as_always(server: RunningServer, mcp: str, agui: str) -> None:
    for arn in (mcp, agui):
        with pytest.raises(ClientError) as refused:
            server.data.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=new_session())
        assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_another_port_and_another_path(server: RunningServer, mcp_python: Path) -> None:
    source = (AGENTS / "servers" / "a2a.py").read_text()
    arn = server.deploy(
        source,
        name="elsewhere",
        protocolConfiguration={"serverProtocol": "A2A", "port": 8123, "path": "/v1/talk"},
        environmentVariables={"A2A_PORT": "8123"},
    )
    assert server.invoke(arn, rpc("message/send"), new_session()).json()["result"]["path"] == "/v1/talk"
    other = deploy_mcp(server, mcp_python, "other_port", port=8800, PORT="8800")
    assert ask_mcp(server, other, rpc("tools/list")).status == 200
