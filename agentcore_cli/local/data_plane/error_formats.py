"""A refused invocation in the form that the agent's protocol gives errors.

HTTP agents: the service's own (see `wire`). MCP: a JSON-RPC error, with HTTP 200 where HTTP itself has nothing to say;
A2A: a JSON-RPC error with the real status; AGUI: a stream with the one event RUN_ERROR. Sources:
runtime-{http,mcp,a2a,agui}-protocol-contract.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from agentcore_cli.contract import HEADER_ERROR_TYPE, HEADER_REQUEST_ID
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.wire import Answer, ServiceFault, fault_response
from agentcore_cli.protocol_errors import PROTOCOL_ERRORS, ErrorCodes

_INTERNAL: Final = -32603  # JSON-RPC's own
_MCP_OWN_STATUS: Final = (401, 403, 405, 406)
_UNWORDED: Final = ErrorCodes()


def refusal(fault: ServiceFault, request: Request) -> Answer:
    """The answer to a request that `fault` refuses."""
    if request.protocol == "MCP":
        status = fault.status if fault.status in _MCP_OWN_STATUS else 200
        return _rpc(fault, request, _wording(fault).mcp or _INTERNAL, status)
    if request.protocol == "A2A" and fault.status not in (401, 403):
        code, status = _wording(fault).a2a or (_INTERNAL, fault.status)
        return _rpc(fault, request, code, status)
    if request.protocol == "AGUI":
        return _event(fault, request)
    return fault_response(fault, request.id)


def _wording(fault: ServiceFault) -> ErrorCodes:
    return PROTOCOL_ERRORS.get(fault.type, _UNWORDED)


def _rpc(fault: ServiceFault, request: Request, code: int, status: int) -> Answer:
    error: dict[str, Any] = {"code": code, "message": fault.message}
    if fault.detail:
        error["data"] = {"detail": fault.detail}
    body = {"jsonrpc": "2.0", "id": request.rpc_id, "error": error}
    return status, _headers(fault, request, "application/json"), msgspec.json.encode(body)


def _event(fault: ServiceFault, request: Request) -> Answer:
    code, status = _wording(fault).agui or ("INTERNAL_ERROR", fault.status)
    event = {"type": "RUN_ERROR", "message": fault.message, "code": code}
    if fault.detail:
        event["detail"] = fault.detail
    return status, _headers(fault, request, "text/event-stream"), b"data: %b\n\n" % msgspec.json.encode(event)


def _headers(fault: ServiceFault, request: Request, content_type: str) -> list[tuple[str, str]]:
    return [("content-type", content_type), (HEADER_ERROR_TYPE, fault.type), (HEADER_REQUEST_ID, request.id)]
