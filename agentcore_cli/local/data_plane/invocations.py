"""Requests that an agent's own server answers: InvokeAgentRuntime and GetAgentCard.

The session of the request's id is entered, or started; then the proxy carries the body in and the answer out. An MCP
agent may keep sessions of its own, whose ids it gives in its answers: the caller sees the platform's id alone, and
the agent sees the one that it gave (runtime-mcp-protocol-contract, mcp-stateful-features).
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from typing import Any, Final

import msgspec

from agentcore_cli.contract import HEADER_SESSION_CALLS, HEADER_WARNINGS, PAYLOAD_MAX
from agentcore_cli.local.control import Resolved
from agentcore_cli.local.data_plane import failures, parameters
from agentcore_cli.local.http import headers, rpc
from agentcore_cli.local.http.proxy import AgentLost, AgentRefused, PayloadTooLarge, ProxiedExchange, RequestBody
from agentcore_cli.local.http.request import Request, too_large
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.sessions.session import Session
from agentcore_cli.local.sessions.sessions import LiveSessions
from agentcore_cli.local.sessions.transcripts import Transcripts
from agentcore_cli.local.traces.calls import START, STREAM, WAIT, CallTrace
from agentcore_cli.local.traces.intake import TraceIntake

CARD_PATH: Final = "/.well-known/agent-card.json"
RPC_READ_MAX: Final = 1024 * 1024  # bytes of a JSON-RPC request that are read before they go on to the agent
ID_SECONDS: Final = 30.0  # for which a refusal waits for the rest of the request, which its id is in
_RPC: Final = ("MCP", "A2A")
_CALLS: Final = HEADER_SESSION_CALLS.lower().encode()
_WARNINGS: Final = HEADER_WARNINGS.lower().encode()
_SESSION_MEMBERS: Final = frozenset(("mcpSessionId", "runtimeSessionId"))
_NO_SESSION_ID: Final = (
    "agentcore: this call names no session, as those of MCP 2026-07-28 don't: each such call starts a session of its "
    "own, here as on AWS; a client that sends Mcp-Session-Id, or X-Amzn-Bedrock-AgentCore-Runtime-Session-Id, keeps one"
)
_MCP_TYPES: Final = ("application/json", "text/event-stream")


class Invocations:
    """Both operations; each raises ServiceFault, and AnswerBroken or CallerGone where there is nobody to tell."""

    def __init__(self, sessions: LiveSessions, traces: TraceIntake, transcripts: Transcripts) -> None:
        self._sessions = sessions
        self._transcripts = transcripts
        self._traces = traces
        self._remarked: set[str] = set()
        self._warned: set[tuple[str, str]] = set()

    async def invoke(self, request: Request, version: Resolved) -> None:
        request.protocol = version.settings.protocol
        self._transcripts.overhear(request)
        body = request.body(PAYLOAD_MAX)
        if request.protocol not in _RPC:
            await self._invoke(request, version, body, parameters.of_invoke(request))
            return
        body.keep(PAYLOAD_MAX if request.grant is None else RPC_READ_MAX)  # a session may make many at once
        try:
            await self._invoke_rpc(request, version, body)
        except ServiceFault:
            request.rpc_id = await _id_of(body)
            raise

    async def _invoke_rpc(self, request: Request, version: Resolved, body: RequestBody) -> None:
        members = parameters.of_invoke(request)
        starts_mcp = False
        if request.protocol == "MCP":
            _require_mcp_types(members.get("accept"))
            method = rpc.read(await body.gather(RPC_READ_MAX)).method
            starts_mcp = method == "initialize" and headers.MCP_SESSION not in request.headers
        await self._invoke(request, version, body, members, starts_mcp=starts_mcp)

    async def _invoke(
        self,
        request: Request,
        version: Resolved,
        body: RequestBody,
        members: dict[str, Any],
        *,
        starts_mcp: bool = False,
    ) -> None:
        path = version.settings.path
        asked = _Asked(b"POST", path, _session_id(members, version), starts_mcp)
        if request.protocol == "MCP" and not starts_mcp and members.keys().isdisjoint(_SESSION_MEMBERS):
            asked.remark = self._remark(version)
        await self._exchange(request, version, body, asked)

    async def agent_card(self, request: Request, version: Resolved) -> None:
        members = parameters.of_card(request)
        asked = _Asked(b"GET", CARD_PATH, members.get("runtimeSessionId") or str(uuid.uuid4()))
        await self._exchange(request, version, request.body(PAYLOAD_MAX), asked)

    def _remark(self, version: Resolved) -> str:
        """Said once for each runtime: else every session's log would begin with it."""
        if version.runtime_arn in self._remarked:
            return ""
        self._remarked.add(version.runtime_arn)
        return _NO_SESSION_ID

    async def _exchange(self, request: Request, version: Resolved, body: RequestBody, asked: _Asked) -> None:
        operation = "InvokeAgentRuntime" if asked.method == b"POST" else "GetAgentCard"
        trace = CallTrace(self._traces, request, version, asked.session_id, operation)
        try:
            await self._converse(request, version, body, asked, trace)
        except BaseException as error:
            trace.failed(str(error) or type(error).__name__)
            raise
        finally:
            trace.end()
            if request.turn is not None:
                self._transcripts.ended(request.turn)

    async def _converse(
        self, request: Request, version: Resolved, body: RequestBody, asked: _Asked, trace: CallTrace
    ) -> None:
        trace.step(START)
        session = await self._sessions.enter(version, asked.session_id, asked.remark, by=request.grant)
        trace.step(WAIT)
        if request.turn is not None:
            request.turn.trace_id = trace.context.trace_id
            self._transcripts.add(session, request.turn)
        assert session.pool is not None, "a session that can be entered has a process"
        exchange = ProxiedExchange(session.pool, body, request.hurry)
        began = time.time()
        self._sessions.begin(session, exchange)
        try:
            await self._relay(request, session, exchange, asked, trace)
        except AgentLost as error:
            raise await failures.lost(session, exchange, began, str(error)) from error
        except AgentRefused as error:
            asked_for = (asked.method.decode(), asked.path)
            raise await failures.refused(session, error, asked_for, began) from error
        except PayloadTooLarge as error:
            raise too_large(PAYLOAD_MAX) from error
        finally:
            try:
                exchange.close()
            finally:
                self._sessions.finish(session, exchange)

    async def _relay(
        self, request: Request, session: Session, exchange: ProxiedExchange, asked: _Asked, trace: CallTrace
    ) -> None:
        settings = session.version.settings
        identity = session.identity()
        known_as = session.identity_to_agent(starts_mcp=asked.starts_mcp)
        sent = headers.to_agent(request.header_list, session.custom_headers, known_as, request.id)
        sent = trace.context.passed_on(sent)
        headers.check_lengths(sent, session.custom_headers)

        def request_head(length: int | None) -> bytes:
            return headers.request_head(asked.path, settings.port, sent, length, method=asked.method)

        head = await exchange.ask(request_head, request.length)
        session.answered_well()
        trace.step(STREAM)
        if settings.protocol == "MCP":
            session.learn_mcp_session(head.headers)

        def answer_headers(length: int | None) -> headers.HeaderList:
            ours = [(_CALLS, b"%d" % session.invocations), *self._warnings(session)]
            return [*headers.from_agent(head.headers, length, identity, request.id), *ours]

        await exchange.answer(head, answer_headers, request.send)

    def _warnings(self, session: Session) -> headers.HeaderList:
        """What is new of what goes well here and not on AWS: said once for each runtime, to whoever calls it then."""
        arn = session.version.runtime_arn
        new = [warning for warning in session.warnings() if (arn, warning) not in self._warned]
        self._warned.update((arn, warning) for warning in new)
        return [(_WARNINGS, json.dumps(new).encode())] if new else []


class _Asked(msgspec.Struct):
    """What is asked of the agent. `starts_mcp`: it is the request that may start an MCP session of the agent's own.

    `remark` is for the log of a session that is started for it.
    """

    method: bytes
    path: str
    session_id: str
    starts_mcp: bool = False
    remark: str = ""


async def _id_of(body: RequestBody) -> msgspec.Raw | None:
    """The id of a request that is refused, however much of it is yet to come. Raises CallerGone."""
    try:
        async with asyncio.timeout(ID_SECONDS):
            return rpc.read(await body.from_the_beginning()).id
    except (TimeoutError, PayloadTooLarge):
        return None


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
