"""Which headers go through."""

from __future__ import annotations

import pytest

from agentcore_cli.local.http import headers


@pytest.mark.parametrize(("jwt", "names"), [(False, {b"x-plan"}), (True, {b"x-plan", b"authorization"})])
def test_authorization_only_with_a_jwt(jwt: bool, names: set[bytes]) -> None:
    assert headers.forwardable(["X-Plan", "Authorization"], jwt=jwt) == names


def test_to_the_agent() -> None:
    received = [
        (b"host", b"127.0.0.1"),
        (b"authorization", b"AWS4"),
        (b"content-length", b"2"),
        (b"x-plan", b"gold"),
        (b"tracestate", b"a=b"),
        (b"mcp-session-id", b"theirs"),
    ]
    sent = headers.to_agent(received, frozenset({b"x-plan"}), [(headers.SESSION, b"s")], "request-1")
    assert sent == [
        (b"x-plan", b"gold"),
        (b"tracestate", b"a=b"),
        (b"content-type", b"application/json"),
        (headers.SESSION, b"s"),
        (headers.REQUEST, b"request-1"),
    ]


def test_from_the_agent() -> None:
    answered = [(b"content-type", b"text/plain"), (b"set-cookie", b"a"), (b"mcp-session-id", b"its own")]
    sent = headers.from_agent(answered, 3, [(headers.MCP_SESSION, b"s")], "request-1")
    assert sent == [
        (b"content-type", b"text/plain"),
        (b"content-length", b"3"),
        (b"mcp-session-id", b"s"),
        (headers.REQUEST_ID, b"request-1"),
    ]


def test_an_answer_without_a_type_is_bytes() -> None:
    assert headers.from_agent([], None, [], "r")[0] == (b"content-type", b"application/octet-stream")


@pytest.mark.parametrize(
    ("length", "framing"), [(5, b"content-length: 5"), (None, b"transfer-encoding: chunked")], ids=["known", "unknown"]
)
def test_the_request_to_the_agent(length: int | None, framing: bytes) -> None:
    head = headers.request_head("/invocations", 8080, [(b"a", b"b")], length)
    assert head == b"POST /invocations HTTP/1.1\r\nhost: localhost:8080\r\na: b\r\n" + framing + b"\r\n\r\n"


def test_what_a_websockets_address_may_hold() -> None:
    query = {
        "qualifier": ["DEFAULT"],
        "X-Amz-Signature": ["0"],
        "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id": ["s", "t"],
        "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Plan": ["gold"],
        "Authorization": ["no"],
    }
    assert headers.in_query(query) == [
        (headers.SESSION, b"s"),
        (b"x-amzn-bedrock-agentcore-runtime-custom-plan", b"gold"),
    ]


def test_the_handshake_of_a_websocket() -> None:
    received = [(b"upgrade", b"websocket"), (b"accept", b"*/*"), (b"x-plan", b"gold"), (b"baggage", b"a=b")]
    sent = headers.to_websocket(received, frozenset((b"x-plan",)), [(headers.SESSION, b"s")], "request-1")
    assert sent == [
        (b"x-plan", b"gold"),
        (b"baggage", b"a=b"),
        (headers.SESSION, b"s"),
        (headers.REQUEST, b"request-1"),
    ]
