"""Run one shell command in a session of a deployed agent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentcore_cli import names
from agentcore_cli.aws.commands import CommandOutput, Ended, read
from agentcore_cli.aws.data_plane import AgentCall, Answer
from agentcore_cli.contract import COMMAND_MAX, COMMAND_SECONDS_DEFAULT, INITIALIZATION_SECONDS
from agentcore_cli.errors import AgentFailedError, CredentialsError, InputError
from agentcore_cli.operations.destination import Destination
from agentcore_cli.operations.invoke.exchanges import Exchange, remember
from agentcore_cli.operations.invoke.failures import begun, explain

_SPARE_SECONDS = 30.0  # beyond the command's own time, for the way there and back


__all__ = ("CommandOutput", "Ended", "ExecRequest", "Execution", "exec_")


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """`session` is its name or id; `timeout` is how long the command may run, in seconds."""

    command: str
    session: str = field(default_factory=names.new_session_id)
    bearer: str | None = field(default=None, repr=False)
    timeout: int = COMMAND_SECONDS_DEFAULT


class Execution:
    """A command that runs. `session` is the name to continue with."""

    def __init__(self, session: str, session_id: str, answer: Answer, exchange: Exchange) -> None:
        self.session = session
        self.session_id = session_id
        self._answer = answer
        self._exchange = exchange

    def events(self) -> Iterator[CommandOutput | Ended]:
        """What it writes as it does, and how it ended. Raises AgentcoreError when the stream breaks off."""
        try:
            with self._exchange.watched():
                for event in read(self._answer):
                    if isinstance(event, CommandOutput):
                        self._exchange.received += len(event.text.encode())
                    yield event
                self._exchange.outcome = "answered"
        except AgentFailedError as error:
            explain(error, self._exchange, midway=True)
            raise
        finally:
            self._answer.close()

    def remember(self) -> str | None:
        """Write down that the session was used; gives what there is to say about it."""
        return remember(self._exchange, is_first=self._answer.is_first)


def exec_(request: ExecRequest, destination: Destination) -> Execution:
    """Start the command; its output is still to come. Raises NotFoundError when nothing is deployed on the target."""
    if not 1 <= len(request.command.encode(errors="surrogatepass")) <= COMMAND_MAX:
        raise InputError(f"COMMAND: 1 to {COMMAND_MAX} bytes")
    session_id = names.session_id(request.session, destination.arn, destination.endpoint)
    body = json.dumps({"command": request.command, "timeout": request.timeout}).encode()
    call = AgentCall(destination.arn, destination.endpoint, session_id, body, {}, is_fresh=destination.is_fresh)
    exchange = Exchange(destination, request.session, session_id, body)
    silence = max(request.timeout, INITIALIZATION_SECONDS) + _SPARE_SECONDS
    try:
        with begun(exchange):
            answer = destination.plane(timeout=silence, bearer=request.bearer).command(call)
    except CredentialsError as error:
        if "InvokeAgentRuntime" in (error.hint or ""):
            error.hint = "allow bedrock-agentcore:InvokeAgentRuntimeCommand"
        raise
    return Execution(request.session, session_id, answer, exchange)
