"""A refused invocation in the form that the agent's protocol gives errors.

HTTP agents: the service's own (see `wire`). MCP: a JSON-RPC error, with HTTP 200 where HTTP itself has nothing to say;
A2A: a JSON-RPC error with the real status; AGUI: a stream with the one event RUN_ERROR. Sources:
runtime-{http,mcp,a2a,agui}-protocol-contract; what they leave out is marked below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agentcore_cli.contract import HEADER_ERROR_TYPE, HEADER_REQUEST_ID
from agentcore_cli.local.request import Request
from agentcore_cli.local.wire import Answer, ServiceFault, fault_response

_INTERNAL: Final = -32603  # JSON-RPC's own
_MCP: Final[Mapping[str, int]] = {
    "UnauthorizedException": -32001,
    "AccessDeniedException": -32002,
    "MissingAuthenticationTokenException": -32002,
    "ThrottlingException": -32003,
    "ServiceQuotaExceededException": -32003,
    "ResourceNotFoundException": -32004,
    "ConflictException": -32005,
    "RetryableConflictException": -32005,
    "ValidationException": -32006,
    "RuntimeClientError": -32010,
    "NotAcceptableException": -32011,
}
_MCP_OWN_STATUS: Final = (401, 403, 405, 406)
_A2A: Final[Mapping[str, tuple[int, int]]] = {
    "ResourceNotFoundException": (-32051, 404),
    "ValidationException": (-32052, 400),
    "ThrottlingException": (-32053, 429),
    "ServiceQuotaExceededException": (-32053, 429),
    "ConflictException": (-32054, 409),
    "RetryableConflictException": (-32054, 409),
    "RuntimeClientError": (-32055, 424),
}
_AGUI: Final[Mapping[str, tuple[str, int]]] = {
    "UnauthorizedException": ("UNAUTHORIZED", 401),
    "AccessDeniedException": ("ACCESS_DENIED", 403),
    "MissingAuthenticationTokenException": ("ACCESS_DENIED", 403),
    "ValidationException": ("VALIDATION_ERROR", 400),
    "ThrottlingException": ("RATE_LIMIT_EXCEEDED", 429),
    "ConflictException": ("SESSION_BUSY", 409),
    "RetryableConflictException": ("SESSION_BUSY", 409),
    "ServiceQuotaExceededException": ("SERVICE_QUOTA_EXCEEDED", 429),
    "RuntimeClientError": ("AGENT_ERROR", 200),
    "ResourceNotFoundException": ("RESOURCE_NOT_FOUND", 404),  # the contract has no word for it
}


def refusal(fault: ServiceFault, request: Request) -> Answer:
    """The answer to a request that `fault` refuses."""
    if request.protocol == "MCP":
        status = fault.status if fault.status in _MCP_OWN_STATUS else 200
        return _rpc(fault, request, _MCP.get(fault.type, _INTERNAL), status)
    if request.protocol == "A2A" and fault.status not in (401, 403):
        code, status = _A2A.get(fault.type, (_INTERNAL, fault.status))
        return _rpc(fault, request, code, status)
    if request.protocol == "AGUI":
        return _event(fault, request)
    return fault_response(fault, request.id)


def _rpc(fault: ServiceFault, request: Request, code: int, status: int) -> Answer:
    error: dict[str, Any] = {"code": code, "message": fault.message}
    if fault.detail:
        error["data"] = {"detail": fault.detail}
    body = {"jsonrpc": "2.0", "id": request.rpc_id, "error": error}
    return status, _headers(fault, request, "application/json"), msgspec.json.encode(body)


def _event(fault: ServiceFault, request: Request) -> Answer:
    code, status = _AGUI.get(fault.type, ("INTERNAL_ERROR", fault.status))
    event = {"type": "RUN_ERROR", "message": fault.message, "code": code}
    if fault.detail:
        event["detail"] = fault.detail
    return status, _headers(fault, request, "text/event-stream"), b"data: %b\n\n" % msgspec.json.encode(event)


def _headers(fault: ServiceFault, request: Request, content_type: str) -> list[tuple[str, str]]:
    return [("content-type", content_type), (HEADER_ERROR_TYPE, fault.type), (HEADER_REQUEST_ID, request.id)]
