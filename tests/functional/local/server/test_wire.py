"""What clients say on the wire that nobody here wrote: odd upgrades, doubled headers, bodies in pieces, odd bodies."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agentcore_cli.local.sessions import logs
from tests.environments import agent_environment
from tests.local_runtime import SESSION_HEADER, UNSIGNED, RunningServer, eventually, invocations, new_session

AGENTS = Path(__file__).parents[3] / "agents"
DEEP = b'{"a":' * 10_000 + b"1" + b"}" * 10_000
NO_TEXT = b'{"command": "\xff\xfe"}'


@pytest.fixture(scope="module")
def a2a(server: RunningServer) -> str:
    return server.deploy(AGENTS / "servers" / "a2a.py", name="wire", protocolConfiguration={"serverProtocol": "A2A"})


@pytest.fixture(scope="module")
def mcp(server: RunningServer) -> str:
    """An MCP server that fails whatever it is asked, and answers to no initialize."""
    return server.deploy(
        AGENTS / "many_answers.py", name="failing", protocolConfiguration={"serverProtocol": "MCP", "port": 8080}
    )


def exchange(server: RunningServer, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """One request as it is on the wire, and its whole answer: status, headers, body."""
    with socket.create_connection((server.info.host, server.info.port), timeout=60) as one:
        for piece in pieces:
            one.sendall(piece)
        file = one.makefile("rb")
        status = int(file.readline().split()[1])
        headers = {}
        while (line := file.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        if status == 101:
            return status, headers, b""
        return status, headers, file.read(int(headers["content-length"]))


def head(server: RunningServer, line: str, *more: str, body: bytes | None = None) -> bytes:
    """The head of a signed request; without a body, of one whose body is not signed."""
    method, path = line.split()
    session = server.headers(new_session())
    headers = server.signed(method, path, session | ({} if body is not None else UNSIGNED), body)
    headers["Host"] = f"{server.info.host}:{server.info.port}"
    return "\r\n".join([f"{line} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items()), *more, "", ""]).encode()


UPGRADES = [
    pytest.param(
        ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"], id="curl --http2"
    ),
    pytest.param(["Connection: upgrade", "Upgrade: TLS/1.0, HTTP/2.0"], id="something else"),
    pytest.param(["Connection: Upgrade", "Upgrade: websocket"], id="a WebSocket where there is none"),
    pytest.param(["Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"], id="and more"),
]


@pytest.mark.parametrize("upgrade", UPGRADES)
@pytest.mark.parametrize("cut", [False, True])
def test_an_upgrade_to_nothing_of_ours_is_passed_over(
    server: RunningServer, answers: str, upgrade: list[str], cut: bool
) -> None:
    body = b'{"prompt": "hello"}'
    asked = head(server, f"POST {invocations(answers)}", *upgrade, f"Content-Length: {len(body)}", body=body)
    pieces = [asked[:50], asked[50:] + body[:5], body[5:]] if cut else [asked + body]
    status, _, answer = exchange(server, *pieces)
    assert (status, json.loads(answer)["prompt"]) == (200, "hello")


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_a_chunked_body_behind_an_upgrade(server: RunningServer, answers: str, upgrade: list[str]) -> None:
    asked = head(server, f"POST {invocations(answers)}", *upgrade, "Transfer-Encoding: chunked")
    status, _, answer = exchange(server, asked, b'f\r\n{"prompt":"hey"\r\n', b"1\r\n}\r\n0\r\n\r\n")
    assert (status, json.loads(answer)["prompt"]) == (200, "hey")


@pytest.mark.parametrize("upgrade", UPGRADES)
def test_an_upgrade_on_the_control_plane(server: RunningServer, upgrade: list[str]) -> None:
    body = b'{"maxResults": 1}'
    asked = head(server, "POST /runtimes/", *upgrade, f"Content-Length: {len(body)}", body=body)
    status, _headers, answer = exchange(server, asked + body)
    assert status == 200
    assert "agentRuntimes" in json.loads(answer)


def test_a_post_where_a_websocket_is_gets_an_answer(server: RunningServer, answers: str) -> None:
    path = f"/runtimes/{quote(answers, safe='')}/ws"
    asked = head(server, f"POST {path}", "Connection: Upgrade", "Upgrade: websocket", "Content-Length: 2", body=b"{}")
    status, headers, answer = exchange(server, asked + b"{}")
    assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert json.loads(answer)["message"]


def handshake(server: RunningServer, arn: str, *more: str) -> tuple[int, dict[str, str], bytes]:
    path = f"/runtimes/{quote(arn, safe='')}/ws"
    return exchange(server, head(server, f"GET {path}", *more, body=b""))


KEY = base64.b64encode(bytes(16)).decode()
OTHER_KEY = base64.b64encode(os.urandom(16)).decode()
UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"]
WHOLE = [*UPGRADE, f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13"]


@pytest.fixture(scope="module")
def talking(server: RunningServer) -> Iterator[str]:
    python = agent_environment("websockets")
    return server.deploy(
        AGENTS / "servers" / "websocket.py", name="talking", interpreter=python, environment=python.parents[1]
    )


@pytest.mark.parametrize(
    "twice",
    [
        pytest.param(["Connection: Upgrade"], id="Connection"),
        pytest.param(["Upgrade: websocket"], id="Upgrade"),
        pytest.param([f"Sec-WebSocket-Key: {OTHER_KEY}"], id="Sec-WebSocket-Key"),
        pytest.param(["Sec-WebSocket-Version: 13"], id="Sec-WebSocket-Version"),
        pytest.param(["Host: example.org"], id="Host"),
        pytest.param(WHOLE, id="all of them"),
    ],
)
def test_a_handshake_that_says_headers_twice(server: RunningServer, talking: str, twice: list[str]) -> None:
    status, headers, _ = handshake(server, talking, *WHOLE, *twice)
    assert status == 101
    assert headers["sec-websocket-accept"] == "ICX+Yqv66kxgM0FcWaLWlFLwTAI="  # that of the first key


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(UPGRADE, id="no key"),
        pytest.param([*UPGRADE, "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13"], id="no good key"),
        pytest.param([*UPGRADE, f"Sec-WebSocket-Key: {KEY}"], id="no version"),
        pytest.param([*UPGRADE, f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 8"], id="an old version"),
    ],
)
def test_a_handshake_that_is_none(server: RunningServer, answers: str, said: list[str]) -> None:
    status, headers, answer = handshake(server, answers, *said)
    assert (status, headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert json.loads(answer)["message"].startswith("Failed to open a WebSocket connection")


def test_an_origin_of_our_own(server: RunningServer, answers: str) -> None:
    own = f"http://{server.info.host}:{server.info.port}"
    assert server.invoke(answers, b"{}", new_session(), Origin=own).status == 200
    for foreign in (
        f"https://{own[7:]}",
        f"{own}0",
        f"{own}.example.org",
        f"http://localhost:{server.info.port}",
        "null",
    ):
        assert server.invoke(answers, b"{}", new_session(), Origin=foreign).status == 403


@pytest.mark.parametrize("size", [10, 300_000, 3_000_000])
@pytest.mark.parametrize("id_", ["7", '"seven"', "12345678901234567890123", "1.50"])
def test_a_refusal_names_the_id_whatever_was_wrong(
    server: RunningServer, mcp: str, a2a: str, id_: str, size: int
) -> None:
    """Parameters, the agent, where the id stands in the request, how large that is, how it is cut."""
    padding = '"params": {"id": 1, "x": "%s"}' % ("y" * size)
    first, last = f'{{"id": {id_}, {padding}, "method": "fail"}}', f'{{"method": "fail", {padding}, "id": {id_}}}'
    types = {"Accept": "application/json, text/event-stream"}
    refused = [
        (mcp, first, types | {"Mcp-Session-Id": "short", SESSION_HEADER: "short"}),
        (mcp, last, {"Accept": "text/html"}),
        (a2a, last, {SESSION_HEADER: "short"}),
        (a2a, first, {SESSION_HEADER: new_session()}),
    ]
    for arn, text, named in refused:
        body = text.encode()
        for sent in (body, (body[at : at + 100_000] for at in range(0, len(body), 100_000))):
            answer = server.ask("POST", invocations(arn), sent, server.headers() | named)
            assert answer.json()["error"]
            assert f'"id":{id_},'.encode() in answer.body


def test_a_request_that_has_no_id(server: RunningServer, a2a: str) -> None:
    for body in (b"{}", b"[1]", b"no JSON", b'{"id": null}', b'{"id": {}}', b"\xff", DEEP):
        answer = server.ask("POST", invocations(a2a), body, server.headers("short"))
        assert answer.json()["id"] is None


def test_the_id_of_a_request_that_is_nested_without_end(server: RunningServer, a2a: str) -> None:
    body = b'{"params":' + DEEP + b', "method": "id", "id": "x\\"y"}'
    assert server.ask("POST", invocations(a2a), body, server.headers("short")).json()["id"] == 'x"y'


@pytest.mark.parametrize("body", [DEEP, b"[" * 60_000, NO_TEXT, b'{"clientToken": "\xed\xa0\x80"}', b"{", b"\xff\xfe"])
@pytest.mark.parametrize(
    "operation",
    [
        "stopruntimesession",
        "commands",
        "_local/clock",
        "_local/faults",
        "_local/credentials",
        "_local/foreseen",
        "control",
    ],
)
def test_odd_bodies_can_t_be_parsed(server: RunningServer, answers: str, operation: str, body: bytes) -> None:
    path = f"/runtimes/{quote(answers, safe='')}/{operation}"
    method = "POST"
    if operation.startswith("_local"):
        path, method = f"/{operation}", "PUT" if operation.endswith("credentials") else "POST"
    elif operation == "control":
        path, method = "/runtimes/", "PUT"
    answer = server.ask(method, path, body, server.headers(new_session()))
    assert (answer.status, answer.json()["reason"]) == (400, "CannotParse")


@pytest.mark.parametrize("body", [DEEP, b'{"jsonrpc": "2.0", "x": "\xff"}'])
def test_odd_bodies_pass_through_to_who_speaks_json_rpc(server: RunningServer, mcp: str, a2a: str, body: bytes) -> None:
    """They are the agent's affair: these fail."""
    for arn in (mcp, a2a):
        named = {"Accept": "application/json, text/event-stream"}
        answer = server.ask("POST", invocations(arn), body, server.headers(new_session()) | named)
        assert answer.json()["error"]["message"].startswith(("Runtime ", "Received error"))


def test_a_call_that_names_no_session_is_remarked_on_once(server: RunningServer) -> None:
    arn = server.deploy(
        AGENTS / "many_answers.py", name="nameless", protocolConfiguration={"serverProtocol": "MCP", "port": 8080}
    )
    named: dict[str, Any] = {"Accept": "application/json, text/event-stream"}
    for _ in range(2):
        server.ask("POST", invocations(arn), b'{"id": 1, "method": "tools/list"}', server.headers() | named)
    records = sorted(server.sessions(arn), key=lambda record: record.started_at)
    assert len(records) == 2
    said = [any("names no session" in line for line in logs.tail(Path(record.log))) for record in records]
    assert said == [True, False]


TELLS_ITS_SLACK = """
import os, signal

def tell(*_):
    print("slack", open("/proc/self/timerslack_ns").read().strip(), flush=True)
    os._exit(0)

signal.signal(signal.SIGTERM, tell)
"""


def test_an_idle_session_is_stopped_at_once(server: RunningServer) -> None:
    """Its timers, which may be late while nobody calls, are punctual again before it is told."""
    source = (AGENTS / "many_answers.py").read_text()
    arn = server.deploy(source.replace("class Server", f"{TELLS_ITS_SLACK}\n\nclass Server"), name="drowsing")
    session = new_session()
    answer = server.invoke(arn, b"{}", session)
    assert answer.status == 200, answer.body
    (record,) = server.living(arn)
    slack = Path(f"/proc/{record.pid}/timerslack_ns")
    if not slack.exists():
        pytest.skip("no timer slack here")
    server.local.advance_clock(6)
    server.local.advance_clock(6)
    eventually(lambda: int(slack.read_text()) > 1_000_000, "it drowses")
    server.ask("POST", f"/runtimes/{quote(arn, safe='')}/stopruntimesession", b"{}", server.headers(session))
    assert not server.living(arn)
    assert int(logs.tail(Path(record.log))[-1].rpartition("slack ")[2]) < 1_000_000
