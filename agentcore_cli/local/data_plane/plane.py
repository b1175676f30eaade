"""The data plane: which runtime a request is for, whether its caller may, and which operation serves it.

Operations and paths are those of botocore's model of `bedrock-agentcore` (2024-02-28). Two have no model: the WebSocket
(`conversation`), and GetRuntimeProtectedResourceMetadata, which tells a caller without a token where to get one.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from agentcore_cli.contract import HEADER_SESSION
from agentcore_cli.local.access import authorizer
from agentcore_cli.local.access.guard import AdmittedCaller, require_signature
from agentcore_cli.local.access.signatures import check_region
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import ControlPlane, Resolved
from agentcore_cli.local.data_plane import parameters
from agentcore_cli.local.data_plane.commands import CommandRun
from agentcore_cli.local.data_plane.invocations import Invocations
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.headers import REQUEST_ID
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.session_tokens import OPENED, TokenGrant, denied
from agentcore_cli.local.http.wire import JSON_HEADERS, Answer, ServiceFault
from agentcore_cli.local.sandbox import SandboxError
from agentcore_cli.local.sessions.sessions import LiveSessions
from agentcore_cli.local.sessions.transcripts import Transcripts
from agentcore_cli.local.traces.intake import TraceIntake

STOPS_REMEMBERED: Final = 1000
_ACTIONS: Final = {  # as IAM names them, where it is not InvokeAgentRuntime
    ("POST", "commands"): "InvokeAgentRuntimeCommand",
    ("POST", "stopruntimesession"): "StopRuntimeSession",
    ("GET", "invocations", ".well-known", "agent-card.json"): "GetAgentCard",
    ("GET", "ws"): "InvokeAgentRuntimeWithWebSocketStream",
}
_METADATA: Final = ("GET", "invocations", ".well-known", "oauth-protected-resource")

Operation = Callable[[Request, Resolved], Awaitable[Answer | None]]


class DataPlaneServer:
    """Finds the runtime, then lets the operation work: None means that it has sent its answer by itself."""

    def __init__(
        self,
        control: ControlPlane,
        sessions: LiveSessions,
        traces: TraceIntake,
        transcripts: Transcripts,
        clock: Clock,
        faults: Faults,
    ) -> None:
        self._control = control
        self._sessions = sessions
        self._clock = clock
        self._faults = faults
        self._authorizers = authorizer.Authorizers()
        self._stops: dict[tuple[str, ...], None] = {}
        invocations = Invocations(sessions, traces, transcripts)
        self._operations: dict[tuple[str, ...], Operation] = {
            ("POST", "invocations"): invocations.invoke,
            ("GET", "invocations"): _not_streamed,
            ("DELETE", "invocations"): _not_streamed,
            ("GET", "invocations", ".well-known", "agent-card.json"): invocations.agent_card,
            ("POST", "commands"): self._run_command,
            ("POST", "stopruntimesession"): self._stop,
        }

    def serves(self, method: str, segments: list[str]) -> bool:
        """Whether the request is for an operation of this plane."""
        operation = (method, *segments[2:])
        return segments[0] == "runtimes" and (operation in self._operations or operation == _METADATA)

    async def handle(self, request: Request, caller: AdmittedCaller) -> Answer | None:
        """Answer a request; None when the answer went out as it came. Raises ServiceFault, AnswerBroken, CallerGone."""
        operation = (request.method, *request.segments[2:])
        version = self.resolve(request)
        if operation == _METADATA:
            return _metadata(request, version)
        if operation[1:] == ("invocations",):
            request.protocol = version.settings.protocol
        await self._admit(request, version, caller, operation)
        return await self._operations[operation](request, version)

    def resolve(self, request: Request) -> Resolved:
        """The version that the request is for. Raises ServiceFault."""
        if self._faults.strike("throttle"):
            raise ServiceFault.throttling()
        account = request.query.get("accountId", [None])[0]
        return self._control.resolve(request.segments[1], account, request.qualifier)

    async def _admit(
        self, request: Request, version: Resolved, caller: AdmittedCaller, operation: tuple[str, ...]
    ) -> None:
        """Let a caller through who may do that with the version. Raises ServiceFault."""
        if caller.grant is not None:
            self._require_grant(version, caller.grant, operation)
        if caller.kind == "key":
            check_region(caller.region, version.runtime_arn)
        if version.settings.authorizer is None:
            require_signature(caller)
        else:
            await self._authorizers.require(version.settings.authorizer, caller)
        request.known(caller.grant)
        request.grant = caller.grant

    def _require_grant(self, version: Resolved, grant: TokenGrant, operation: tuple[str, ...]) -> None:
        """Keep a session to what its token opens."""
        if operation not in OPENED or not self._control.shares_project(grant.runtime_id, version.runtime_id):
            raise denied(_ACTIONS.get(operation, "InvokeAgentRuntime"), version.runtime_arn)

    async def converse(self, request: Request, caller: AdmittedCaller, offered: list[str]) -> None:
        """Serve a WebSocket to its end. Raises ServiceFault while the handshake can still be refused."""
        from agentcore_cli.local.data_plane import websockets as conversation

        if request.segments[:1] != ["runtimes"] or request.segments[2:] != ["ws"]:
            raise ServiceFault.unknown_operation()
        version = self.resolve(request)
        if caller.kind in ("nobody", "session") and (token := conversation.bearer(offered)) is not None:
            caller = AdmittedCaller("bearer", token=token, grant=caller.grant)
        await self._admit(request, version, caller, ("GET", "ws"))
        session_id = parameters.of_websocket(request).get("runtimeSessionId") or str(uuid.uuid4())
        session = await self._sessions.enter(version, session_id, by=caller.grant)
        await conversation.hold(request, session, self._sessions, self._clock, offered)

    async def _run_command(self, request: Request, version: Resolved) -> None:
        members = await parameters.of_command(request)
        session_id = members.get("runtimeSessionId") or str(uuid.uuid4())
        session = await self._sessions.enter(version, session_id)
        assert session.process is not None, "a session that can be entered has a process"
        try:
            command = await session.process.run(members["command"])
        except SandboxError as error:
            raise ServiceFault.runtime_client_error(f"Runtime could not run the command: {error.message}") from error
        run = CommandRun(command, members["timeout"], self._clock, request.hurry)
        self._sessions.begin(session, run)
        try:
            headers = [*session.identity()[:1], (REQUEST_ID, request.id.encode())]
            await run.relay(headers, request.receive, request.send)
        finally:
            self._sessions.finish(session, run)

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


async def _not_streamed(_request: Request, version: Resolved) -> None:
    """MCP's clients ask for a stream of the server's own requests, and end their sessions: both are optional there."""
    if version.settings.protocol != "MCP":
        raise ServiceFault.unknown_operation()
    raise ServiceFault(405, "MethodNotAllowedException", "Only POST is served here")


def _metadata(request: Request, version: Resolved) -> Answer:
    if version.settings.authorizer is None:
        raise ServiceFault.access_denied("The agent is not configured for OAuth.")
    return authorizer.protected_resource(request, version.settings.authorizer)
