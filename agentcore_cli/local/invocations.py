"""Requests that an agent's own server answers: InvokeAgentRuntime and GetAgentCard.

The session of the request's id is entered, or started; then the proxy carries the body in and the answer out. An MCP
agent may keep sessions of its own, whose ids it gives in its answers: the caller sees the platform's id alone, and
the agent sees the one that it gave (runtime-mcp-protocol-contract, mcp-stateful-features).
"""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

import msgspec

from agentcore_cli.contract import HEADER_SESSION_CALLS, PAYLOAD_MAX
from agentcore_cli.local import failures, headers, parameters
from agentcore_cli.local.control import Resolved
from agentcore_cli.local.proxy import AgentLost, AgentRefused, Exchange, PayloadTooLarge, RequestBody
from agentcore_cli.local.request import Request, too_large
from agentcore_cli.local.session import Session
from agentcore_cli.local.sessions import Sessions
from agentcore_cli.local.wire import ServiceFault

CARD_PATH: Final = "/.well-known/agent-card.json"
_RPC: Final = ("MCP", "A2A")
_CALLS: Final = HEADER_SESSION_CALLS.lower().encode()
_MCP_TYPES: Final = ("application/json", "text/event-stream")


class _Rpc(msgspec.Struct):
    """What is of interest of a JSON-RPC request."""

    method: str = ""
    id: str | int | float | None = None


class Invocations:
    """Both operations; each raises ServiceFault, and AnswerBroken or CallerGone where there is nobody to tell."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def invoke(self, request: Request, version: Resolved) -> None:
        request.protocol = version.settings.protocol
        members = parameters.of_invoke(request)
        body = request.body(PAYLOAD_MAX)
        starts_mcp = False
        if request.protocol in _RPC:
            rpc = await _read_rpc(body)
            request.rpc_id = rpc.id
            starts_mcp = rpc.method == "initialize" and headers.MCP_SESSION not in request.headers
        if request.protocol == "MCP":
            _require_mcp_types(members.get("accept"))
        path = version.settings.path
        await self._exchange(request, version, body, _Asked(b"POST", path, _session_id(members, version), starts_mcp))

    async def agent_card(self, request: Request, version: Resolved) -> None:
        members = parameters.of_card(request)
        asked = _Asked(b"GET", CARD_PATH, members.get("runtimeSessionId") or str(uuid.uuid4()))
        await self._exchange(request, version, request.body(PAYLOAD_MAX), asked)

    async def _exchange(self, request: Request, version: Resolved, body: RequestBody, asked: _Asked) -> None:
        session = await self._sessions.enter(version, asked.session_id)
        assert session.pool is not None, "a session that can be entered has a process"
        exchange = Exchange(session.pool, body)
        began = time.time()
        self._sessions.begin(session, exchange)
        try:
            await _relay(request, session, exchange, asked)
        except AgentLost as error:
            raise await failures.lost(session, exchange, began, str(error)) from error
        except AgentRefused as error:
            raise await failures.refused(session, error, began) from error
        except PayloadTooLarge as error:
            raise too_large(PAYLOAD_MAX) from error
        finally:
            exchange.close()
            self._sessions.finish(session, exchange)


class _Asked:
    """What is asked of the agent. `starts_mcp`: it is the request that may start an MCP session of the agent's own."""

    __slots__ = ("method", "path", "session_id", "starts_mcp")

    def __init__(self, method: bytes, path: str, session_id: str, starts_mcp: bool = False) -> None:
        self.method = method
        self.path = path
        self.session_id = session_id
        self.starts_mcp = starts_mcp


async def _relay(request: Request, session: Session, exchange: Exchange, asked: _Asked) -> None:
    settings = session.version.settings
    identity = session.identity()
    known_as = session.identity_to_agent(starts_mcp=asked.starts_mcp)
    sent = headers.to_agent(request.header_list, session.custom_headers, known_as, request.id)
    if name := headers.too_long(sent, session.custom_headers):
        raise ServiceFault.validation(f"The value of header {name} is longer than {headers.ALLOWED_VALUE_MAX} bytes")

    def request_head(length: int | None) -> bytes:
        return headers.request_head(asked.path, settings.port, sent, length, method=asked.method)

    head = await exchange.ask(request_head, request.length)
    session.answered_well()
    if settings.protocol == "MCP":
        session.learn_mcp_session(head.headers)

    def answer_headers(length: int | None) -> headers.HeaderList:
        return [*headers.from_agent(head.headers, length, identity, request.id), (_CALLS, b"%d" % session.invocations)]

    await exchange.answer(head, answer_headers, request.send)


async def _read_rpc(body: RequestBody) -> _Rpc:
    """The JSON-RPC request in a body that has arrived whole; nothing of another."""
    data = await body.peek()
    try:
        return msgspec.json.decode(data, type=_Rpc) if body.whole else _Rpc()
    except msgspec.MsgspecError:
        return _Rpc()


def _require_mcp_types(accept: str | None) -> None:
    """Streamable HTTP answers in either of two types, and a client must take both."""
    ranges = {part.partition(";")[0].strip().lower() for part in (accept or "").split(",")}
    for wanted in _MCP_TYPES:
        if not ranges & {wanted, f"{wanted.partition('/')[0]}/*", "*/*"}:
            raise ServiceFault(
                406, "NotAcceptableException", f"Not Acceptable: Client must accept both {' and '.join(_MCP_TYPES)}"
            )


def _session_id(members: dict[str, Any], version: Resolved) -> str:
    """The id that the caller gave, else a new one. MCP clients know their own header only (runtime-mcp-contract)."""
    given: str | None = members.get("runtimeSessionId")
    if version.settings.protocol == "MCP":
        given = members.get("mcpSessionId", given)
    return given or str(uuid.uuid4())
