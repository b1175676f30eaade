"""What the server asks of the process that keeps the traces, and what it answers."""

from __future__ import annotations

from typing import Literal

import msgspec

from agentcore_cli.formats.otlp import Span


class TracedSession(msgspec.Struct, array_like=True, frozen=True):
    """Whose spans they are: known from the token that they came by, and not from anything that they say."""

    runtime_arn: str
    endpoint: str
    session_id: str


class TracedCall(msgspec.Struct, array_like=True):
    """A call as the proxy saw it. `caller` is the session that called, None where it was somebody outside."""

    session: TracedSession
    spans: list[Span]
    caller: TracedSession | None = None


class TraceQuery(msgspec.Struct, array_like=True):
    """Which traces: those of a runtime, an endpoint, a session, those that began `since` then (seconds since 1970).

    `after` is the number of the newest trace that is known already.
    """

    runtime_arn: str = ""
    endpoint: str = ""
    session_id: str = ""
    since: float = 0.0
    after: int = 0
    limit: int = 100
    trace_id: str = ""


class TraceAsked(msgspec.Struct, array_like=True):
    """`now` is the runtime's clock. `spans` and `logs` are exports in `body`, `calls` a list of TracedCall in it."""

    what: Literal["spans", "logs", "calls", "list", "show"]
    now: float
    body: bytes = b""
    session: TracedSession | None = None
    content_type: str = ""
    encoding: str = ""
    query: TraceQuery | None = None
