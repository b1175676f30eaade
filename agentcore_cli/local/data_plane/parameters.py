"""The parameters of the data plane's operations and their constraints (botocore's `bedrock-agentcore`, 2024-02-28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from agentcore_cli.contract import (
    COMMAND_MAX,
    COMMAND_SECONDS_DEFAULT,
    COMMAND_SECONDS_MAX,
    HEADER_USER,
    SESSION_ID_MAX,
    SESSION_ID_MIN,
)
from agentcore_cli.local.control.schema import Integer, String, structure
from agentcore_cli.local.control.shapes import CLIENT_TOKEN
from agentcore_cli.local.control.validation import validate
from agentcore_cli.local.http import headers
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import ServiceFault, parsed

STOP_BODY_MAX: Final = 65_536  # bytes
COMMAND_BODY_MAX: Final = 12 * COMMAND_MAX  # bytes: each of a command's may come as \\u00xx

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
_COMMAND_HEADERS: Final[Mapping[bytes, str]] = {
    name: member
    for name, member in _INVOKE_HEADERS.items()
    if not member.startswith("mcp") and member != "runtimeUserId"
}
_COMMAND: Final = structure(
    "command",
    **{member: _INVOKE.members[member] for member in (*_COMMAND_HEADERS.values(), "qualifier", "accountId")},
    command=String(1, COMMAND_MAX, sensitive=True),
    timeout=Integer(1, COMMAND_SECONDS_MAX),
)
_STOP_HEADERS: Final[Mapping[bytes, str]] = {headers.SESSION: "runtimeSessionId"}
_CARD: Final = structure(runtimeSessionId=_SESSION_ID, qualifier=String())
_STOP: Final = structure("runtimeSessionId", runtimeSessionId=_SESSION_ID, qualifier=String(), clientToken=CLIENT_TOKEN)


def of_invoke(request: Request) -> dict[str, Any]:
    """The parameters of InvokeAgentRuntime. Raises ServiceFault 400 that names every one that breaks a rule."""
    return validate(_INVOKE, _members(request, _INVOKE_HEADERS))


async def of_stop(request: Request) -> dict[str, Any]:
    """The parameters of StopRuntimeSession, its JSON body included. Raises ServiceFault 400."""
    body = await request.body(STOP_BODY_MAX).all()
    return validate(_STOP, _members(request, _STOP_HEADERS) | _json_object(body))


def of_card(request: Request) -> dict[str, Any]:
    """The parameters of GetAgentCard. Raises ServiceFault 400."""
    return validate(_CARD, _members(request, _STOP_HEADERS))


def of_websocket(request: Request) -> dict[str, Any]:
    """The parameters of a WebSocket's handshake; what a browser can't put into a header may be in the query.

    Raises ServiceFault 400.
    """
    for name, value in headers.in_query(request.query):
        if not value.decode().isprintable():
            raise ServiceFault.validation(f"{name.decode()}: not printable")
        if name not in request.headers:
            request.header_list = [*request.header_list, (name, value)]
    return validate(_CARD, _members(request, _STOP_HEADERS))


async def of_command(request: Request) -> dict[str, Any]:
    """The parameters of InvokeAgentRuntimeCommand, the timeout's default included. Raises ServiceFault 400."""
    told = _json_object(await request.body(COMMAND_BODY_MAX).all())
    body = {name: told[name] for name in ("command", "timeout") if name in told}
    members = validate(_COMMAND, _members(request, _COMMAND_HEADERS) | body)
    text: str = members["command"]
    if "\0" in text or len(text.encode()) > COMMAND_MAX:
        raise ServiceFault.invalid("command", f"command: at most {COMMAND_MAX} bytes, and none of them null")
    return {"timeout": COMMAND_SECONDS_DEFAULT} | members


def _members(request: Request, names: Mapping[bytes, str]) -> dict[str, Any]:
    members: dict[str, Any] = {
        names[name]: value.decode("latin-1") for name, value in request.header_list if name in names
    }
    members |= {name: request.query[name][0] for name in ("qualifier", "accountId") if name in request.query}
    return members


def _json_object(body: bytes) -> dict[str, Any]:
    """A JSON body's members; none at all for an empty body."""
    return parsed(body, dict[str, Any]) if body else {}
