"""WebSockets by the `websockets` library's own client, through a real server, to an agent on its server."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from agentcore_cli.local.protocol import SessionRecord
from tests.environments import agent_environment
from tests.local_runtime import SESSION_HEADER, TO_BE_SIGNED, RunningServer, eventually, new_session

AGENT = Path(__file__).parents[3] / "agents" / "servers" / "websocket.py"
LIFECYCLE = {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28_800}
CUSTOM = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tenant"


@pytest.fixture(scope="module")
def arn(server: RunningServer) -> str:
    return server.deploy(
        AGENT,
        name="sockets",
        interpreter=Path(sys.executable),
        lifecycleConfiguration=LIFECYCLE,
        requestHeaderConfiguration={"requestHeaderAllowlist": [CUSTOM, "X-Refuse"]},
    )


@contextmanager
def talking(
    server: RunningServer,
    arn: str,
    session: str | None = None,
    *,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    **options: Any,
) -> Iterator[ClientConnection]:
    """A connection to the agent, closed at the end."""
    path = f"/runtimes/{quote(arn, safe='')}/ws" + (f"?{urlencode(query)}" if query else "")
    uri = f"ws://{server.info.host}:{server.info.port}{path}"
    sent = server.headers(session) if headers is None else headers
    if sent.get("Authorization") == TO_BE_SIGNED:
        sent = server.signed("GET", path, sent)
    with connect(uri, additional_headers=sent, compression=None, proxy=None, max_size=None, **options) as connection:
        yield connection


def closing(connection: ClientConnection) -> tuple[int, str]:
    """Read to the end; gives how the other side closed."""
    with pytest.raises(ConnectionClosed) as closed:
        _read(connection)
    frame = closed.value.rcvd
    assert frame is not None
    return frame.code, frame.reason


def refusal(server: RunningServer, arn: str, **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as refused, talking(server, arn, **options):
        pass
    response = refused.value.response
    assert response.headers["x-amzn-requestid"]
    return response.status_code, json.loads(response.body or b"")


def record(server: RunningServer, arn: str, session: str) -> SessionRecord:
    return next(record for record in server.sessions(arn) if record.session_id == session)


def test_text_and_bytes_both_ways(server: RunningServer, arn: str) -> None:
    session = new_session()
    with talking(server, arn, session) as connection:
        assert connection.response is not None
        assert connection.response.headers[SESSION_HEADER] == session
        for message in ("gr\u00fc\u00dfe", b"\x00\xff", "", b"", "x" * 65_536):
            connection.send(message)
            assert connection.recv(timeout=60) == message
        connection.send(["in ", "pieces"])
        assert connection.recv(timeout=60) == "in pieces"
    shown = record(server, arn, session)
    assert (shown.state, shown.invocations) == ("idle", 1)


@pytest.mark.long
def test_many_connections_to_one_session_and_many_messages_in_each(server: RunningServer, arn: str) -> None:
    session = new_session()

    def talk(number: int) -> list[str | bytes]:
        with talking(server, arn, session) as connection:
            for count in range(100):
                connection.send(f"{number}.{count}")
            return [connection.recv(timeout=60) for _ in range(100)]

    with ThreadPoolExecutor(8) as pool:
        talk(0)
        heard = list(pool.map(talk, range(8)))
    assert heard == [[f"{number}.{count}" for count in range(100)] for number in range(8)]
    assert server.invoke(arn, b"{}", session).status == 424  # this agent serves nothing else: it is the same session


def test_the_headers_that_reach_the_agent(server: RunningServer, arn: str) -> None:
    session = new_session()
    sent = server.headers(session, **{CUSTOM: "acme", "X-Other": "no", "Cookie": "no", "traceparent": "00-1-2-01"})
    with talking(server, arn, headers=sent) as connection:
        connection.send('{"do": "headers"}')
        seen = json.loads(connection.recv(timeout=60))
    handshake = {"upgrade", "connection", "sec-websocket-key", "sec-websocket-version"}
    assert seen.pop("x-amzn-bedrock-agentcore-runtime-request-id")
    assert {name: value for name, value in seen.items() if name not in handshake} == {
        "host": "localhost:8080",
        SESSION_HEADER.lower(): session,
        CUSTOM.lower(): "acme",
        "traceparent": "00-1-2-01",
    }


def test_a_presigned_address_with_everything_in_its_query(server: RunningServer, arn: str) -> None:
    session = new_session()
    query = {"qualifier": "DEFAULT", SESSION_HEADER: session, CUSTOM: "acme", "X-Refuse": "this is no custom header"}
    url = f"{server.info.url}/runtimes/{quote(arn, safe='')}/ws?{urlencode(query)}"
    request = AWSRequest("GET", url)
    SigV4QueryAuth(Credentials(*server.info.key), "bedrock-agentcore", "us-west-2", expires=300).add_auth(request)
    with connect(request.url.replace("http://", "ws://"), proxy=None) as connection:
        connection.send('{"do": "headers"}')
        seen = json.loads(connection.recv(timeout=60))
    assert (seen[SESSION_HEADER.lower()], seen[CUSTOM.lower()]) == (session, "acme")


def test_a_subprotocol_of_the_agent(server: RunningServer, arn: str) -> None:
    with talking(server, arn, new_session(), subprotocols=["other", "voice.v1"]) as connection:
        assert connection.subprotocol == "voice.v1"


@pytest.mark.parametrize(
    ("options", "status", "kind"),
    [
        pytest.param({"headers": {}}, 403, "MissingAuthenticationTokenException", id="no key"),
        pytest.param({"headers": {"Authorization": "Bearer a.b.c"}}, 403, "AccessDeniedException", id="a bearer"),
        pytest.param({"session": "short"}, 400, "ValidationException", id="a short session id"),
        pytest.param({"query": {"qualifier": "none"}}, 404, "ResourceNotFoundException", id="no such endpoint"),
        pytest.param({"query": {CUSTOM: "a\r\nx-plan: gold"}}, 400, "ValidationException", id="two headers in one"),
        pytest.param({"origin": "http://localhost"}, 403, "AccessDeniedException", id="a web page"),
    ],
)
def test_refused_handshakes(server: RunningServer, arn: str, options: dict[str, Any], status: int, kind: str) -> None:
    with pytest.raises(InvalidStatus) as refused, talking(server, arn, **options):
        pass
    assert refused.value.response.status_code == status
    assert refused.value.response.headers["x-amzn-errortype"] == kind


def test_another_path(server: RunningServer, arn: str) -> None:
    path = f"/runtimes/{quote(arn, safe='')}/elsewhere"
    uri = f"ws://{server.info.host}:{server.info.port}{path}"
    signed = server.signed("GET", path, {})
    with pytest.raises(InvalidStatus) as refused, connect(uri, additional_headers=signed, proxy=None):
        pass
    assert refused.value.response.status_code == 404


def test_an_agent_that_refuses(server: RunningServer, arn: str) -> None:
    status, body = refusal(server, arn, headers=server.headers(new_session(), **{"X-Refuse": "yes"}))
    assert (status, body["message"][:25]) == (424, "Received error (404) from")


@pytest.mark.parametrize(("code", "heard"), [(1000, 1000), (1011, 1011), (1013, 1013), (4001, 4001)])
def test_how_the_agent_closes(server: RunningServer, arn: str, code: int, heard: int) -> None:
    with talking(server, arn, new_session()) as connection:
        connection.send(json.dumps({"do": "close", "code": code, "reason": "enough"}))
        assert closing(connection) == (heard, "enough")


def test_what_is_said_before_the_handshake_is_answered_waits(server: RunningServer, arn: str) -> None:
    path = f"/runtimes/{quote(arn, safe='')}/ws"
    headers = server.signed("GET", path, server.headers(new_session())) | {
        "Host": f"{server.info.host}:{server.info.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection((server.info.host, server.info.port), timeout=20) as one:
        eager = Frame(Opcode.PING, b"?").serialize(mask=True) + Frame(Opcode.TEXT, b"early").serialize(mask=True)
        one.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode() + eager)
        told = b""
        while not told.endswith(b"early"):
            piece = one.recv(65_536)
            assert piece, told
            told += piece
    answer, _, frames = told.partition(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 101")
    assert frames == Frame(Opcode.PONG, b"?").serialize(mask=False) + Frame(Opcode.TEXT, b"early").serialize(mask=False)


def test_how_the_caller_closes(server: RunningServer, arn: str) -> None:
    session = new_session()
    with talking(server, arn, session) as connection:
        connection.close(4002, "bye")

    def told() -> Any:
        with talking(server, arn, session) as other:
            other.send('{"do": "closed"}')
            return json.loads(other.recv(timeout=60))[:1]

    assert eventually(told, "the agent has noticed") == [[4002, "bye"]]


def test_an_agent_that_vanishes(server: RunningServer, arn: str) -> None:
    with talking(server, arn, new_session()) as connection:
        connection.send('{"do": "vanish"}')
        assert closing(connection) == (1011, "the agent hung up")


def test_a_session_that_is_stopped(server: RunningServer, arn: str) -> None:
    session = new_session()
    with talking(server, arn, session) as connection:
        connection.send("hello")
        assert connection.recv(timeout=60) == "hello"
        server.data.stop_runtime_session(agentRuntimeArn=arn, runtimeSessionId=session)
        assert closing(connection) == (1001, "the session has ended")


def test_frames_that_are_too_big(server: RunningServer, arn: str) -> None:
    with talking(server, arn, new_session()) as connection:
        connection.send("x" * 65_537)
        assert closing(connection)[0] == 1009
    with talking(server, arn, new_session()) as connection:
        connection.send('{"do": "big", "size": 65537}')
        assert closing(connection) == (1009, "the agent's frame is larger than 65536 bytes")


def test_more_frames_than_there_may_be(server: RunningServer, arn: str) -> None:
    with talking(server, arn, new_session()) as connection, pytest.raises(ConnectionClosed) as closed:
        _flood(connection)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_what_begins_the_idle_time_anew(server: RunningServer, arn: str) -> None:
    session = new_session()
    with talking(server, arn, session, ping_interval=None) as connection:
        for use in (lambda: _said(connection), lambda: connection.ping().wait(60), lambda: _pong(connection)):
            server.local.advance_clock(800)
            before = record(server, arn, session).last_used_at
            use()
            eventually(lambda before=before: record(server, arn, session).last_used_at > before + 700, "it was seen")
        server.local.advance_clock(850)
        assert record(server, arn, session).state == "idle"
        server.local.advance_clock(60)
        assert closing(connection) == (1001, "the session has ended")
    eventually(lambda: record(server, arn, session).end_reason == "was idle for 900 s", "it is told why")


def test_a_connection_lasts_an_hour(server: RunningServer, arn: str) -> None:
    session = new_session()
    with talking(server, arn, session, ping_interval=None) as connection:
        for _ in range(5):
            connection.send("hello")
            assert connection.recv(timeout=60) == "hello"
            server.local.advance_clock(719)
        connection.send("hello")
        assert connection.recv(timeout=60) == "hello"
        server.local.advance_clock(10)
        assert closing(connection)[0] == 1008


def test_rubbish_instead_of_frames(server: RunningServer, arn: str) -> None:
    with talking(server, arn, new_session()) as connection:
        connection.socket.sendall(b"\xff" * 64)
        assert closing(connection)[0] == 1002
    with talking(server, arn, new_session()) as connection:
        connection.socket.sendall(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True))
        assert closing(connection)[0] == 1007


SDK_AGENT = """
from bedrock_agentcore import BedrockAgentCoreApp

app = BedrockAgentCoreApp()


@app.websocket
async def talk(websocket, context):
    await websocket.accept()
    while True:
        said = await websocket.receive_json()
        await websocket.send_json({"said": said, "session": context.session_id})


app.run()
"""


def test_an_agent_on_the_sdk(server: RunningServer) -> None:
    python = agent_environment("bedrock-agentcore")
    arn = server.deploy(SDK_AGENT, name="sdk", interpreter=python, environment=python.parents[1])
    session = new_session()
    with talking(server, arn, session) as connection:
        for word in ("hello", "again"):
            connection.send(json.dumps({"text": word}))
            assert json.loads(connection.recv(timeout=60)) == {"said": {"text": word}, "session": session}
    shown = record(server, arn, session)
    assert shown.end_reason is None


def test_a_caller_that_just_goes(server: RunningServer, arn: str) -> None:
    session = new_session()
    with talking(server, arn, session) as connection:
        connection.socket.close()
    with talking(server, arn, session) as connection:
        connection.send("the session goes on")
        assert connection.recv(timeout=60) == "the session goes on"


def _read(connection: ClientConnection) -> None:
    while True:
        connection.recv(timeout=60)


def _flood(connection: ClientConnection) -> None:
    for _ in range(5000):
        connection.send(".")
    _read(connection)


def _said(connection: ClientConnection) -> None:
    """Say something, and have the answer: it is a use, too."""
    connection.send("hello")
    assert connection.recv(timeout=60) == "hello"


def _pong(connection: ClientConnection) -> None:
    connection.pong(b"unasked")
