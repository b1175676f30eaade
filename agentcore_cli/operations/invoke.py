"""Talk to a deployed agent in a session."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from agentcore_cli import names, wiring
from agentcore_cli.aws.data_plane import Answer, Call
from agentcore_cli.contract import DEFAULT_ENDPOINT, HEADER_CUSTOM_PREFIX, HEADER_USER, SYNC_REQUEST_SECONDS
from agentcore_cli.errors import AgentFailedError, InputError
from agentcore_cli.operations.payload import Payload
from agentcore_cli.operations.selection import Selected


@dataclass(frozen=True, slots=True)
class InvokeRequest:
    """`session` is its name or id; `timeout` is how long the agent may be silent, in seconds."""

    payload: Payload
    session: str = field(default_factory=names.new_session_id)
    endpoint: str = DEFAULT_ENDPOINT
    user_id: str | None = None
    accept: str | None = None
    headers: tuple[str, ...] = ()
    timeout: float = SYNC_REQUEST_SECONDS


@dataclass(frozen=True, slots=True)
class Invocation:
    """An answer that is arriving. `session` is the name to continue with."""

    session: str
    session_id: str
    answer: Answer = field(repr=False)

    @property
    def streams(self) -> bool:
        return self.answer.content_type.split(";")[0].strip().lower() == "text/event-stream"

    def pieces(self) -> Iterator[bytes]:
        return self.answer.pieces()


def invoke(request: InvokeRequest, selected: Selected) -> Invocation:
    """Send the payload; gives the answer as soon as its head is there.

    Raises NotFoundError when nothing is deployed on this target, AgentFailedError (exit 5) when the agent fails.
    """
    deployed = wiring.deployed(selected)
    session_id = names.session_id(request.session, deployed.arn, request.endpoint)
    call = Call(deployed.arn, request.endpoint, session_id, request.payload.body, _headers(request))
    try:
        answer = wiring.data_plane(selected, timeout=request.timeout).invoke(call)
    except AgentFailedError as error:
        error.hint = error.hint or f"{selected.command('logs')} --session-id {shlex.quote(request.session)}"
        raise
    return Invocation(request.session, session_id, answer)


def _headers(request: InvokeRequest) -> dict[str, str]:
    said = {
        "Content-Type": ("--content-type", request.payload.content_type),
        "Accept": ("--accept", request.accept),
        HEADER_USER: ("--user-id", request.user_id),
    }
    headers = {name: _printable(option, value) for name, (option, value) in said.items() if value}
    return headers | _custom(request.headers)


def _custom(pairs: tuple[str, ...]) -> dict[str, str]:
    """`K:V` as the custom headers that AgentCore forwards; its prefix is added where it is missing."""
    headers = {}
    for pair in pairs:
        name, colon, value = pair.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not name or not name.replace("-", "").replace("_", "").isalnum():
            raise InputError(f"--header {pair!r}: not NAME:VALUE", hint="--header Tenant:acme")
        prefix = "" if name.lower().startswith("x-") else HEADER_CUSTOM_PREFIX
        headers[prefix + name] = _printable(f"--header {name}", value)
    return headers


def _printable(option: str, value: str) -> str:
    """`value`, if it can stand in an HTTP header. Raises InputError that names `option`."""
    if not value.isprintable() or not value.isascii():
        raise InputError(f"{option}: the value must be printable ASCII")
    return value
