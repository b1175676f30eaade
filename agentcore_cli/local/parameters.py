"""The parameters of the data plane's operations and their constraints (botocore's `bedrock-agentcore`, 2024-02-28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agentcore_cli.contract import HEADER_USER, SESSION_ID_MAX, SESSION_ID_MIN
from agentcore_cli.local import headers
from agentcore_cli.local.control.schema import String, structure
from agentcore_cli.local.control.shapes import CLIENT_TOKEN
from agentcore_cli.local.control.validation import validate
from agentcore_cli.local.request import Request
from agentcore_cli.local.wire import ServiceFault

STOP_BODY_MAX: Final = 65_536  # bytes

_SESSION_ID: Final = String(SESSION_ID_MIN, SESSION_ID_MAX)
_INVOKE_HEADERS: Final[Mapping[bytes, str]] = {
    b"content-type": "contentType",
    b"accept": "accept",
    headers.MCP_SESSION: "mcpSessionId",
    headers.SESSION: "runtimeSessionId",
    b"mcp-protocol-version": "mcpProtocolVersion",
    b"mcp-method": "mcpMethod",
    b"mcp-name": "mcpName",
    HEADER_USER.lower().encode(): "runtimeUserId",
    b"x-amzn-trace-id": "traceId",
    b"traceparent": "traceParent",
    b"tracestate": "traceState",
    b"baggage": "baggage",
}
_INVOKE: Final = structure(
    contentType=String(1, 256),
    accept=String(1, 256),
    mcpSessionId=String(1, 1024),
    runtimeSessionId=_SESSION_ID,
    mcpProtocolVersion=String(1, 1024),
    mcpMethod=String(1, 1024),
    mcpName=String(1, 1024),
    runtimeUserId=String(1, 1024),
    traceId=String(0, 128),
    traceParent=String(0, 128),
    traceState=String(0, 512),
    baggage=String(0, 8192),
    qualifier=String(),
    accountId=String(pattern=r"[0-9]{12}"),
)
_STOP_HEADERS: Final[Mapping[bytes, str]] = {headers.SESSION: "runtimeSessionId"}
_STOP: Final = structure("runtimeSessionId", runtimeSessionId=_SESSION_ID, qualifier=String(), clientToken=CLIENT_TOKEN)


def of_invoke(request: Request) -> dict[str, Any]:
    """The parameters of InvokeAgentRuntime. Raises ServiceFault 400 that names every one that breaks a rule."""
    return validate(_INVOKE, _members(request, _INVOKE_HEADERS))


async def of_stop(request: Request) -> dict[str, Any]:
    """The parameters of StopRuntimeSession, its JSON body included. Raises ServiceFault 400."""
    body = await request.body(STOP_BODY_MAX).all()
    return validate(_STOP, _members(request, _STOP_HEADERS) | _json_object(body))


def _members(request: Request, names: Mapping[bytes, str]) -> dict[str, Any]:
    members: dict[str, Any] = {
        names[name]: value.decode("latin-1") for name, value in request.header_list if name in names
    }
    members |= {name: request.query[name][0] for name in ("qualifier", "accountId") if name in request.query}
    return members


def _json_object(body: bytes) -> dict[str, Any]:
    """A JSON body's members; none at all for an empty body."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any]) if body else {}
    except msgspec.MsgspecError as error:
        raise ServiceFault.validation(f"The request's body can't be read: {error}", reason="CannotParse") from error
