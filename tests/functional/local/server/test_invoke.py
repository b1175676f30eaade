"""InvokeAgentRuntime and StopRuntimeSession through a real server to real agents."""

from __future__ import annotations

import http.client
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.local_runtime import SESSION_HEADER, RunningServer, eventually, invocations, new_session, runtime_id

AGENTS = Path(__file__).parents[3] / "agents"


def test_unmodified_boto3(server: RunningServer, answers: str) -> None:
    session = new_session()
    for call in (1, 2):
        answer = server.data.invoke_agent_runtime(
            agentRuntimeArn=answers, runtimeSessionId=session, payload=b'{"prompt": "hi"}'
        )
        assert answer["contentType"] == "application/json"
        assert answer["runtimeSessionId"] == session
        assert json.loads(answer["response"].read())["calls"] == call
    stopped = server.data.stop_runtime_session(agentRuntimeArn=answers, runtimeSessionId=session)
    assert stopped["runtimeSessionId"] == session
    assert stopped["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_two_sessions_share_nothing(server: RunningServer, answers: str) -> None:
    first, second = new_session(), new_session()
    assert server.invoke(answers, b"{}", first).json()["calls"] == 1
    assert server.invoke(answers, b"{}", second).json()["calls"] == 1
    assert server.invoke(answers, b"{}", first).json()["calls"] == 2


def test_a_call_without_a_session_gets_a_new_one(server: RunningServer, answers: str) -> None:
    answer = server.invoke(answers, b"{}")
    made = answer.headers[SESSION_HEADER.lower()]
    assert uuid.UUID(made).version == 4
    assert server.invoke(answers, b"{}", made).json()["calls"] == 2


def test_an_id_with_its_account_does_as_well_as_an_arn(server: RunningServer, answers: str) -> None:
    path = f"/runtimes/{runtime_id(answers)}/invocations/?accountId=000000000000"
    assert server.ask("POST", path, b"{}", server.headers(new_session())).status == 200


def test_sse_comes_event_by_event(server: RunningServer, answers: str) -> None:
    payload = b'{"do": "stream", "events": 3, "pause": 1}'
    with server.open("POST", invocations(answers), payload, server.headers(new_session())) as response:
        assert response.headers["content-type"] == "text/event-stream"
        assert response.read1(1000) == b"data: 0\n\n"
        assert response.read() == b"data: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize("length", [True, False], ids=["of known length", "until the connection ends"])
def test_any_bytes(server: RunningServer, answers: str, length: bool) -> None:
    asked = json.dumps({"do": "bytes", "size": 300, "length": length}).encode()
    answer = server.invoke(answers, asked, new_session())
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.body == (bytes(range(256)) * 2)[:300]


def test_a_session_takes_calls_at_the_same_time(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: server.invoke(answers, b'{"do": "meet", "all": 8}', session), range(8)))
    assert {answer.status for answer in done} == {200}


def test_which_headers_reach_the_agent(server: RunningServer, answers: str) -> None:
    session = new_session()
    arn = server.deploy(
        (AGENTS / "many_answers.py"),
        name="headers",
        requestHeaderConfiguration={
            "requestHeaderAllowlist": ["X-Amzn-Bedrock-AgentCore-Runtime-Custom-Kind", "X-Plan"]
        },
    )
    sent = {
        "x-plan": "gold",
        "x-amzn-bedrock-agentcore-runtime-custom-kind": "a",
        "x-other": "no",
        "Cookie": "no",
        "traceparent": "00-1-2-01",
        "baggage": "a=b",
        "X-Amzn-Trace-Id": "Root=1",
        "X-Amzn-Bedrock-AgentCore-Runtime-User-Id": "me",
        "Accept": "text/plain",
    }
    got = server.invoke(arn, b'{"do": "headers"}', session, **sent)
    seen = {name.lower(): value for name, value in got.json().items()}
    request_id = seen.pop("x-amzn-bedrock-agentcore-runtime-request-id")
    assert request_id == got.headers["x-amzn-requestid"]
    assert seen == {
        "host": "localhost:8080",
        "content-type": "application/json",
        "content-length": "17",
        "accept": "text/plain",
        SESSION_HEADER.lower(): session,
        "x-plan": "gold",
        "x-amzn-bedrock-agentcore-runtime-custom-kind": "a",
        "traceparent": "00-1-2-01",
        "baggage": "a=b",
        "x-amzn-trace-id": "Root=1",
    }


def test_which_headers_come_back(server: RunningServer, answers: str) -> None:
    answer = server.invoke(answers, b"{}", new_session())
    assert "x-secret" not in answer.headers
    assert "server" not in answer.headers
    ours = {"x-amzn-requestid", "x-agentcore-local-session-calls", SESSION_HEADER.lower()}
    assert set(answer.headers) == {"date", "content-type", "content-length", *ours}


def test_an_allowed_header_that_is_too_long(server: RunningServer) -> None:
    arn = server.deploy(
        AGENTS / "many_answers.py", name="long", requestHeaderConfiguration={"requestHeaderAllowlist": ["X-Plan"]}
    )
    answer = server.invoke(arn, b"{}", new_session(), **{"X-Plan": "x" * 4097})
    assert answer.status == 400
    assert "x-plan" in answer.json()["message"]


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_agent_that_answers_with_an_error(server: RunningServer, answers: str, status: int) -> None:
    asked = json.dumps({"do": "fail", "status": status}).encode()
    answer = server.invoke(answers, asked, new_session())
    assert answer.status == 424
    assert answer.headers["x-amzn-errortype"] == "RuntimeClientError"
    assert answer.json()["message"] == (
        f"Received error ({status}) from runtime. Please check your CloudWatch logs for more information"
    )
    own_words, *log_lines = answer.json()["detail"].splitlines()
    assert own_words == '{"error": "no luck"}'
    assert log_lines[-1] == "about to fail"


def test_an_agent_that_exits_instead_of_answering(server: RunningServer, answers: str) -> None:
    session = new_session()
    answer = server.invoke(answers, b'{"do": "exit", "code": 3}', session)
    assert answer.status == 424
    assert "exited with status 3" in answer.json()["message"]
    assert "about to exit" in answer.json()["detail"]
    eventually(lambda: session not in {record.session_id for record in server.living(answers)}, "the session is over")
    again = server.invoke(answers, b"{}", session)
    assert again.json()["calls"] == 1


def test_an_agent_that_hangs_up_and_lives(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    answer = server.invoke(answers, b'{"do": "hang_up"}', session)
    assert answer.status == 424
    assert "closed the connection" in answer.json()["message"]
    assert server.invoke(answers, b"{}", session).json()["calls"] == 2


def test_an_agent_that_is_killed_in_the_middle_of_a_stream(server: RunningServer, answers: str) -> None:
    headers = server.headers(new_session())
    with server.open("POST", invocations(answers), b'{"do": "killed_stream"}', headers) as response:
        assert response.status == 200
        assert response.read1(1000) == b"data: 0\n\n"
        with pytest.raises(http.client.IncompleteRead):
            response.read()


def test_a_stop_cuts_a_stream(server: RunningServer, answers: str) -> None:
    session = new_session()
    payload = b'{"do": "stream", "events": 1000, "pause": 0.1}'
    with server.open("POST", invocations(answers), payload, server.headers(session)) as response:
        assert response.read1(1000) == b"data: 0\n\n"
        server.data.stop_runtime_session(agentRuntimeArn=answers, runtimeSessionId=session)
        with pytest.raises(http.client.IncompleteRead):
            response.read()


def test_a_caller_that_hangs_up_does_not_stop_the_agent(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.invoke(answers, b"{}", session)
    headers = server.headers(session)
    with server.open(
        "POST", invocations(answers), b'{"do": "stream", "events": 20, "pause": 0.05}', headers
    ) as response:
        response.read1(1000)
    record = next(r for r in server.living(answers) if r.session_id == session)
    assert record.state == "active"
    eventually(lambda: _state(server, answers, session) == "idle", "the agent has finished")
    assert server.invoke(answers, b"{}", session).json()["calls"] == 2


def _state(server: RunningServer, arn: str, session: str) -> str:
    return next(record.state for record in server.sessions(arn) if record.session_id == session)


def test_a_second_call_while_the_first_provisions(server: RunningServer, answers: str) -> None:
    session = new_session()
    server.local.arm_fault("slow-start", 1)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(server.invoke, answers, b"{}", session)
        eventually(lambda: session in {record.session_id for record in server.living(answers)}, "it provisions")
        second = server.invoke(answers, b"{}", session)
        stop = server.ask(
            "POST", invocations(answers).replace("invocations", "stopruntimesession"), b"", server.headers(session)
        )
        server.local.advance_clock(3)
        assert first.result().status == 200
    for refused in (second, stop):
        assert refused.status == 409
        assert refused.headers["x-amzn-errortype"] == "RetryableConflictException"
        assert refused.json()["message"] == "Session operation in progress, please retry"


def test_stopping_what_does_not_run(server: RunningServer, answers: str) -> None:
    with pytest.raises(server.data.exceptions.ResourceNotFoundException):
        server.data.stop_runtime_session(agentRuntimeArn=answers, runtimeSessionId=new_session())


def test_a_stop_that_is_sent_twice_is_answered_twice(server: RunningServer, answers: str) -> None:
    session, token = new_session(), new_session()
    server.invoke(answers, b"{}", session)
    for _ in range(2):
        stopped = server.data.stop_runtime_session(agentRuntimeArn=answers, runtimeSessionId=session, clientToken=token)
        assert stopped["runtimeSessionId"] == session
    with pytest.raises(server.data.exceptions.ResourceNotFoundException):
        server.data.stop_runtime_session(agentRuntimeArn=answers, runtimeSessionId=session)


@pytest.mark.parametrize(
    ("header", "value", "member"),
    [
        pytest.param(SESSION_HEADER, "x" * 32, "runtimeSessionId", id="session id too short"),
        pytest.param(SESSION_HEADER, "x" * 257, "runtimeSessionId", id="session id too long"),
        pytest.param("traceparent", "x" * 129, "traceParent", id="trace parent too long"),
        pytest.param("baggage", "x" * 8193, "baggage", id="baggage too long"),
        pytest.param("Content-Type", "x" * 257, "contentType", id="content type too long"),
    ],
)
def test_a_parameter_that_breaks_a_rule(
    server: RunningServer, answers: str, header: str, value: str, member: str
) -> None:
    answer = server.ask("POST", invocations(answers), b"{}", server.headers(**{header: value}))
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "ValidationException"
    assert [field["name"] for field in answer.json()["fieldList"]] == [member]


def test_a_stop_needs_a_session(server: RunningServer, answers: str) -> None:
    path = invocations(answers).replace("invocations", "stopruntimesession")
    for body in (b"{}", b'{"clientToken": "short"}', b"[]", b"no JSON"):
        assert server.ask("POST", path, body, server.headers()).status == 400


@pytest.mark.parametrize("endpoint", ["DEFAULT", "beta"])
def test_a_runtime_or_an_endpoint_that_is_not_there(server: RunningServer, answers: str, endpoint: str) -> None:
    arn = answers if endpoint != "DEFAULT" else answers[:-10] + "0000000000"
    path = invocations(arn).replace("DEFAULT", endpoint)
    answer = server.ask("POST", path, b"{}", server.headers(new_session()))
    assert answer.status == 404
    assert f"No endpoint or agent found with qualifier '{endpoint}'" in answer.json()["message"]


def test_the_fault_throttle(server: RunningServer, answers: str) -> None:
    server.local.arm_fault("throttle", 1)
    session = new_session()
    refused = server.invoke(answers, b"{}", session)
    assert (refused.status, refused.headers["x-amzn-errortype"]) == (429, "ThrottlingException")
    assert server.invoke(answers, b"{}", session).status == 200


MCP_AGENT = """
import http.server, json

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"path": self.path, "session": self.headers["mcp-session-id"]}).encode()
        self.send_response(202)
        self.send_header("mcp-session-id", "its own")
        self.end_headers()
        self.wfile.write(body)

http.server.HTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""


def test_mcp_has_its_own_port_path_and_session_header(server: RunningServer) -> None:
    arn = server.deploy(MCP_AGENT, name="mcp", protocolConfiguration={"serverProtocol": "MCP"})
    first = server.ask("POST", invocations(arn), b"{}", server.headers(Accept="*/*"))
    made = first.headers["mcp-session-id"]
    assert (first.status, first.json()) == (202, {"path": "/mcp", "session": made})
    again = server.ask("POST", invocations(arn), b"{}", server.headers(**{"Mcp-Session-Id": made, "Accept": "*/*"}))
    assert again.headers["mcp-session-id"] == made
    assert [record.invocations for record in server.living(arn)] == [2]
