"""A refusal in the words of each protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentcore_cli.contract import Protocol
from agentcore_cli.local.data_plane.error_formats import refusal
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import ServiceFault
from tests.fakes.local_server import Body, Caller

FAULTS = {
    "unauthorized": ServiceFault.unauthorized("why"),
    "denied": ServiceFault.access_denied("why"),
    "quota": ServiceFault.quota("why"),
    "throttled": ServiceFault.throttling("why"),
    "not found": ServiceFault.not_found("why"),
    "conflict": ServiceFault.retryable_conflict("why"),
    "validation": ServiceFault.validation("why"),
    "agent": ServiceFault.runtime_client_error("why", detail="more"),
    "too slow": ServiceFault(504, "GatewayTimeoutException", "why"),
    "internal": ServiceFault.internal("why"),
}


def answer(fault: str, protocol: Protocol) -> tuple[int, dict[str, str], bytes]:
    scope: dict[str, Any] = {
        "state": {"known": lambda: None},
        "method": "POST",
        "raw_path": b"/runtimes/x/invocations",
        "query_string": b"",
        "headers": [],
    }
    request = Request(scope, Body(), Caller())
    request.protocol, request.rpc_id = protocol, 7
    status, headers, body = refusal(FAULTS[fault], request)
    assert dict(headers)["x-amzn-RequestId"] == request.id
    return status, dict(headers), body


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("unauthorized", 401, -32001),
        ("denied", 403, -32002),
        ("quota", 200, -32003),
        ("throttled", 200, -32003),
        ("not found", 200, -32004),
        ("conflict", 200, -32005),
        ("validation", 200, -32006),
        ("agent", 200, -32010),
        ("too slow", 200, -32603),
        ("internal", 200, -32603),
    ],
)
def test_mcp(fault: str, status: int, code: int) -> None:
    answered, headers, body = answer(fault, "MCP")
    error: dict[str, Any] = {"code": code, "message": "why"} | (
        {"data": {"detail": "more"}} if fault == "agent" else {}
    )
    assert (answered, json.loads(body)) == (status, {"jsonrpc": "2.0", "id": 7, "error": error})
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("quota", 429, -32053),
        ("throttled", 429, -32053),
        ("not found", 404, -32051),
        ("conflict", 409, -32054),
        ("validation", 400, -32052),
        ("agent", 424, -32055),
        ("too slow", 504, -32603),
        ("internal", 500, -32603),
    ],
)
def test_a2a(fault: str, status: int, code: int) -> None:
    answered, _, body = answer(fault, "A2A")
    assert (answered, json.loads(body)["error"]["code"]) == (status, code)


@pytest.mark.parametrize(("fault", "status"), [("denied", 403), ("unauthorized", 401)])
def test_who_may_not_talk_to_an_a2a_agent_hears_it_plainly(fault: str, status: int) -> None:
    assert answer(fault, "A2A")[::2] == (status, b'{"message":"why"}')


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("unauthorized", 401, "UNAUTHORIZED"),
        ("denied", 403, "ACCESS_DENIED"),
        ("quota", 429, "SERVICE_QUOTA_EXCEEDED"),
        ("throttled", 429, "RATE_LIMIT_EXCEEDED"),
        ("not found", 404, "RESOURCE_NOT_FOUND"),
        ("conflict", 409, "SESSION_BUSY"),
        ("validation", 400, "VALIDATION_ERROR"),
        ("agent", 200, "AGENT_ERROR"),
        ("too slow", 504, "INTERNAL_ERROR"),
        ("internal", 500, "INTERNAL_ERROR"),
    ],
)
def test_agui(fault: str, status: int, code: str) -> None:
    answered, headers, body = answer(fault, "AGUI")
    assert (answered, headers["content-type"]) == (status, "text/event-stream")
    assert body.startswith(b"data: ")
    assert body.endswith(b"\n\n")
    told = json.loads(body.removeprefix(b"data: "))
    assert (told["type"], told["message"], told["code"]) == ("RUN_ERROR", "why", code)


def test_http() -> None:
    status, headers, body = answer("agent", "HTTP")
    assert (status, headers["x-amzn-ErrorType"]) == (424, "RuntimeClientError")
    assert json.loads(body) == {"message": "why", "detail": "more"}
