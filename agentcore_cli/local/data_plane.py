"""The data plane: InvokeAgentRuntime and StopRuntimeSession (botocore's model of `bedrock-agentcore`, 2024-02-28)."""

from __future__ import annotations

import time
import uuid
from typing import Any, Final

from agentcore_cli.contract import HEADER_SESSION, HEADER_SESSION_CALLS, PAYLOAD_MAX
from agentcore_cli.local import failures, headers, parameters
from agentcore_cli.local.control import ControlPlane, Resolved
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.guard import Caller, require_bearer, require_key
from agentcore_cli.local.proxy import AgentLost, AgentRefused, Exchange, PayloadTooLarge
from agentcore_cli.local.request import Request, too_large
from agentcore_cli.local.session import Session
from agentcore_cli.local.sessions import Sessions
from agentcore_cli.local.wire import JSON_HEADERS, Answer, ServiceFault

OPERATIONS: Final = frozenset(("invocations", "stopruntimesession"))
STOPS_REMEMBERED: Final = 1000


class DataPlane:
    """Finds the runtime, then the session, then lets the proxy work."""

    def __init__(self, control: ControlPlane, sessions: Sessions, faults: Faults) -> None:
        self._control = control
        self._sessions = sessions
        self._faults = faults
        self._stops: dict[tuple[str, ...], None] = {}

    def serves(self, method: str, segments: list[str]) -> bool:
        """Whether the request is for an operation of this plane."""
        return method == "POST" and len(segments) == 3 and segments[0] == "runtimes" and segments[2] in OPERATIONS

    async def handle(self, request: Request, caller: Caller) -> Answer | None:
        """Answer a request; None when the answer went out as it came. Raises ServiceFault, AnswerBroken, CallerGone."""
        version = self._resolve(request, caller)
        if request.segments[2] == "stopruntimesession":
            return await self._stop(request, version)
        await self._invoke(request, version)
        return None

    def _resolve(self, request: Request, caller: Caller) -> Resolved:
        """The version that the request is for, if its caller may use it."""
        if self._faults.strike("throttle"):
            raise ServiceFault.throttling()
        account = request.query.get("accountId", [None])[0]
        version = self._control.resolve(request.segments[1], account, request.qualifier)
        require = require_key if version.settings.authorizer is None else require_bearer
        require(caller)
        return version

    async def _invoke(self, request: Request, version: Resolved) -> None:
        session_id = _session_id(parameters.of_invoke(request), version)
        body = request.body(PAYLOAD_MAX)
        session = await self._sessions.enter(version, session_id)
        assert session.pool is not None, "a session that can be entered has a process"
        exchange = Exchange(session.pool, body)
        began = time.time()
        self._sessions.begin(session, exchange)
        try:
            await _relay(request, session, exchange)
        except AgentLost as error:
            raise await failures.lost(session, exchange, began) from error
        except AgentRefused as error:
            raise await failures.refused(session, error, began) from error
        except PayloadTooLarge as error:
            raise too_large(PAYLOAD_MAX) from error
        finally:
            exchange.close()
            self._sessions.finish(session, exchange)

    async def _stop(self, request: Request, version: Resolved) -> Answer:
        """A stop that was answered before is answered again; without its token it would be a 404 by now."""
        members = await parameters.of_stop(request)
        session_id = members["runtimeSessionId"]
        stop = (version.runtime_id, version.endpoint, session_id, members.get("clientToken", ""))
        if not members.get("clientToken") or stop not in self._stops:
            await self._sessions.stop(version.runtime_id, version.endpoint, session_id)
            self._remember(stop)
        return 200, [*JSON_HEADERS, (HEADER_SESSION, session_id)], b"{}"

    def _remember(self, stop: tuple[str, ...]) -> None:
        self._stops[stop] = None
        if len(self._stops) > STOPS_REMEMBERED:
            del self._stops[next(iter(self._stops))]


async def _relay(request: Request, session: Session, exchange: Exchange) -> None:
    settings = session.version.settings
    identity = session.identity()
    asked = headers.to_agent(request.header_list, session.custom_headers, identity, request.id)
    if name := headers.too_long(asked, session.custom_headers):
        raise ServiceFault.validation(f"The value of header {name} is longer than {headers.ALLOWED_VALUE_MAX} bytes")

    def request_head(length: int | None) -> bytes:
        return headers.request_head(settings.path, settings.port, asked, length)

    head = await exchange.ask(request_head, request.length)
    session.answered_well()

    def answer_headers(length: int | None) -> headers.HeaderList:
        calls = (HEADER_SESSION_CALLS.lower().encode(), b"%d" % session.invocations)
        return [*headers.from_agent(head.headers, length, identity, request.id), calls]

    await exchange.answer(head, answer_headers, request.send)


def _session_id(members: dict[str, Any], version: Resolved) -> str:
    """The id that the caller gave, else a new one. MCP clients know their own header only (runtime-mcp-contract)."""
    given: str | None = members.get("runtimeSessionId")
    if version.settings.protocol == "MCP":
        given = members.get("mcpSessionId", given)
    return given or str(uuid.uuid4())
