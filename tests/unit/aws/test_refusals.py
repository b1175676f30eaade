"""The envelopes in which the data plane refuses: HTTP's, MCP's, A2A's and AGUI's."""

from __future__ import annotations

import json

import pytest

from agentcore_cli.aws.refusals import refusal, rpc_refusal

JSON = "application/json"


def rpc(code: int, message: str = "words", **error: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message, **error}}).encode()


@pytest.mark.parametrize(
    ("status", "content_type", "named", "body", "exit_code", "message"),
    [
        pytest.param(400, JSON, "ValidationException", b'{"message": "m"}', 2, "m", id="http"),
        pytest.param(404, JSON, "ResourceNotFoundException:http://x", b'{"message": "m"}', 4, "m", id="suffix"),
        pytest.param(403, JSON, None, b'{"__type": "a#AccessDeniedException", "message": "m"}', 3, "m", id="__type"),
        pytest.param(403, JSON, None, b'{"Message": "m"}', 3, "m", id="status-alone"),
        pytest.param(401, JSON, None, b"", 3, "HTTP 401", id="empty"),
        pytest.param(502, "text/html", None, b"<html>", 1, "HTTP 502", id="a-gateways-page"),
        pytest.param(504, JSON, None, b'{"message": "m"}', 7, "m", id="gateway-timeout"),
        pytest.param(424, JSON, "RuntimeClientError", b'{"message": "m", "detail": "d"}', 5, "m\nd", id="local-detail"),
        pytest.param(424, JSON, None, rpc(-32055, data={"detail": "d"}), 5, "words\nd", id="a2a-local-detail"),
        pytest.param(406, JSON, None, rpc(-32011), 2, "words", id="mcp-accept"),
        pytest.param(404, JSON, None, rpc(-32051), 4, "words", id="a2a-not-found"),
        pytest.param(424, JSON, None, rpc(-32055), 5, "words", id="a2a-agent"),
        pytest.param(403, JSON, None, b'{"message": "denied"}', 3, "denied", id="a2a-denied"),
        pytest.param(
            400,
            "text/event-stream",
            None,
            b'data: {"type": "RUN_ERROR", "code": "RESOURCE_NOT_FOUND", "message": "none"}\n\n',
            4,
            "none",
            id="agui-not-found",
        ),
        pytest.param(
            429,
            "text/event-stream",
            None,
            b'data: {"type": "RUN_ERROR", "code": "RATE_LIMIT_EXCEEDED", "message": "slow"}\n\n',
            1,
            "slow",
            id="agui",
        ),
        pytest.param(
            401,
            "text/event-stream",
            None,
            b'data: {"type": "RUN_ERROR", "code": "UNAUTHORIZED", "message": "who"}\n\n',
            3,
            "who",
            id="agui-unauthorized",
        ),
        pytest.param(500, JSON, None, b"[]", 1, "HTTP 500", id="no-object"),
    ],
)
def test_every_envelope_has_its_words_and_its_exit_code(
    status: int, content_type: str, named: str | None, body: bytes, exit_code: int, message: str
) -> None:
    error = refusal(status, content_type, named, body).error(hint=None, request_id="r")
    assert (error.exit_code, error.message, error.request_id) == (exit_code, message, "r")


@pytest.mark.parametrize(
    ("body", "exit_code"),
    [(rpc(-32010), 5), (rpc(-32004), 4), (rpc(-32006), 2), (rpc(-32003), 1), (rpc(-32010, data={"detail": "why"}), 5)],
)
def test_mcp_refuses_with_status_200(body: bytes, exit_code: int) -> None:
    refused = rpc_refusal(body)
    assert refused is not None
    assert refused.error(hint=None, request_id=None).exit_code == exit_code


@pytest.mark.parametrize("code", [-32001, -32002, -32600, -32601, -32602, -32603, -32700, 7])
def test_errors_of_the_mcp_server_itself_are_its_answer(code: int) -> None:
    assert rpc_refusal(rpc(code)) is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"result": 1}', b'{"error": "words"}', b'{"error": {"code": "x"}}'])
def test_any_other_answer_is_the_agents(body: bytes) -> None:
    assert rpc_refusal(body) is None
