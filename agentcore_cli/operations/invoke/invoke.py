"""Talk to a deployed agent in a session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from agentcore_cli import names
from agentcore_cli.aws.data_plane import AgentCall, Answer
from agentcore_cli.contract import HEADER_MCP_SESSION, HEADER_USER, SYNC_REQUEST_SECONDS
from agentcore_cli.errors import AgentFailedError, CredentialsError, InputError
from agentcore_cli.operations.configure.wording import Wording, a2a_version
from agentcore_cli.operations.destination import Destination
from agentcore_cli.operations.invoke.exchanges import Exchange, remember
from agentcore_cli.operations.invoke.failures import begun, explain
from agentcore_cli.operations.invoke.headers import custom_headers, printable
from agentcore_cli.operations.invoke.payload import Payload

USER_ID_MAX: Final = 1024
_ACCEPT: Final = {"MCP": "application/json, text/event-stream", "AGUI": "text/event-stream"}  # their contracts' pages


@dataclass(frozen=True, slots=True)
class InvokeRequest:
    """`session` is its name or id; `timeout` is how long the agent may be silent, in seconds. With `card` the agent's
    own description is asked for instead (A2A), and there is no payload. `trace_id` is the trace that its headers name.
    """

    payload: Payload
    session: str = field(default_factory=names.new_session_id)
    user_id: str | None = None
    accept: str | None = None
    headers: tuple[str, ...] = ()
    bearer: str | None = field(default=None, repr=False)
    timeout: float = SYNC_REQUEST_SECONDS
    card: bool = False
    keep_transcript: bool = False
    trace_id: str = ""


class Invocation:
    """An answer that is arriving. `session` is the name to continue with."""

    def __init__(self, session: str, session_id: str, answer: Answer, exchange: Exchange, trace_id: str = "") -> None:
        self.trace_id = trace_id
        self.session = session
        self.session_id = session_id
        self.answer = answer
        self._exchange = exchange

    @property
    def streams(self) -> bool:
        return self.answer.content_type.split(";")[0].strip().lower() == "text/event-stream"

    def pieces(self) -> Iterator[bytes]:
        """Each piece as soon as it is there. Raises AgentFailedError when the answer breaks off."""
        try:
            with self._exchange.watched():
                for piece in self.answer.pieces():
                    self._exchange.receive(piece)
                    yield piece
                self._exchange.outcome = "answered"
        except AgentFailedError as error:
            explain(error, self._exchange, midway=True)
            raise

    def check_whole(self, body: bytes) -> None:
        """Raises AgentFailedError where a whole answer is an error of JSON-RPC."""
        if b'"jsonrpc"' not in body:
            return
        from agentcore_cli.formats.sse import ServerSentEvent

        if fault := ServerSentEvent(body.decode(errors="replace")).fault():
            raise self.failed(fault)

    def failed(self, fault: AgentFailedError) -> AgentFailedError:
        """The answer came whole and said that the agent had failed: `fault`, with what the session's log says."""
        self._exchange.outcome = "failed"
        explain(fault, self._exchange, midway=True)
        return fault

    def remember(self) -> str | None:
        """Write down that the session was used, once the answer was shown; gives what there is to say about it."""
        news = remember(self._exchange, is_first=self.answer.is_first)
        warnings = self.answer.warnings if self._exchange.destination.is_local else []
        return "\nwarning: ".join([*([news] if news else []), *warnings]) or None


def wording(destination: Destination, session: str, headers: tuple[str, ...]) -> Wording:
    """What text becomes in a call of this agent."""
    return Wording(destination.protocol, destination.command("invoke"), session, a2a_version(headers))


def invoke(request: InvokeRequest, destination: Destination) -> Invocation:
    """Send the payload; gives the answer as soon as its head is there.

    Raises NotFoundError when nothing is deployed on this target, AgentFailedError (exit 5) when the agent fails.
    """
    check(request, destination)
    session_id = names.session_id(request.session, destination.arn, destination.endpoint)
    call = AgentCall(
        destination.arn,
        destination.endpoint,
        session_id,
        request.payload.body,
        _headers(request, destination, session_id),
        is_fresh=destination.is_fresh,
    )
    exchange = Exchange(destination, request.session, session_id, call.body, keep=request.keep_transcript)
    try:
        with begun(exchange):
            plane = destination.plane(timeout=request.timeout, bearer=request.bearer)
            answer = plane.agent_card(call) if request.card else plane.invoke(call)
    except CredentialsError as error:
        if request.bearer is None and destination.agent is not None and destination.agent.authorizer is not None:
            error.hint = "this agent takes a bearer token: --bearer-token @FILE, or AGENTCORE_BEARER_TOKEN"
        raise
    return Invocation(request.session, session_id, answer, exchange, request.trace_id)


def check(request: InvokeRequest, destination: Destination) -> None:
    """Raises InputError for what can't be sent to this agent."""
    if request.user_id is not None and request.bearer is not None:
        raise InputError("--user-id and a bearer token: choose one of them", hint="the token says who the user is")
    if request.card and destination.agent is not None and destination.protocol != "A2A":
        raise InputError(
            f"--agent-card: agents of the protocol A2A have one, and this one speaks {destination.protocol}",
            hint="leave --agent-card out, and give a PAYLOAD",
        )
    _headers(request, destination, "")


def _headers(request: InvokeRequest, destination: Destination, session_id: str) -> dict[str, str]:
    agent = destination.agent
    protocol = destination.protocol
    if request.user_id is not None and not 1 <= len(request.user_id) <= USER_ID_MAX:
        raise InputError(f"--user-id: 1 to {USER_ID_MAX} characters")
    said = {
        "Content-Type": ("--content-type", request.payload.content_type),
        "Accept": ("--accept", request.accept or _ACCEPT.get(protocol)),
        HEADER_USER: ("--user-id", request.user_id),
    }
    headers = {name: printable(option, value) for name, (option, value) in said.items() if value}
    if protocol == "MCP":  # what keeps the calls of one session together (runtime-mcp-protocol-contract)
        headers[HEADER_MCP_SESSION] = session_id
    custom = custom_headers(request.headers, agent.header_allowlist if agent else None)
    overridden = {name.lower() for name in custom}
    return {name: value for name, value in headers.items() if name.lower() not in overridden} | custom
