"""A call as the proxy sees it, as spans: the whole, the session's start, the wait for the first byte, the answer.

Attributes have the names that AgentCore gives to those of its own spans (observability-runtime-metrics).
"""

from __future__ import annotations

import secrets
import time
from typing import Final

from agentcore_cli.contract import Arn
from agentcore_cli.formats.otlp import ERROR, SERVER, Span, SpanStatus, attributes_of
from agentcore_cli.local.control import Resolved
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.session_tokens import TokenGrant
from agentcore_cli.local.traces.context import TraceContext
from agentcore_cli.local.traces.frames import TracedCall, TracedSession
from agentcore_cli.local.traces.intake import TraceIntake

START: Final = "start the session"
WAIT: Final = "wait for the answer"
STREAM: Final = "answer"
_STARTED: Final = 1_000_000  # nanoseconds: one that was there already is entered in less


class CallTrace:
    """One call, from its arrival on. `context` is what the agent is told of it."""

    def __init__(
        self, intake: TraceIntake, request: Request, version: Resolved, session_id: str, operation: str
    ) -> None:
        self.context = TraceContext.of(request.header_list)
        self._intake = intake
        self._request = request
        self._version = version
        self._session_id = session_id
        self._operation = operation
        self._began = time.time_ns()
        self._steps: list[tuple[str, int]] = []
        self._error = ""

    def step(self, name: str) -> None:
        """From now on it is this that the call waits for."""
        self._steps.append((name, time.time_ns()))

    def failed(self, error: str) -> None:
        self._error = error

    def end(self) -> None:
        """The call is over: it is kept."""
        if self.context.sampled:
            version = self._version
            session = TracedSession(version.runtime_arn, version.endpoint, self._session_id)
            self._intake.record(TracedCall(session, self._spans(time.time_ns()), _caller(self._request.grant)))

    def _spans(self, now: int) -> list[Span]:
        version, arn = self._version, Arn.of(self._version.runtime_arn)
        attributes: dict[str, str | int] = {
            "session.id": self._session_id,
            "aws.operation.name": self._operation,
            "aws.resource.arn": version.runtime_arn,
            "aws.resource.type": "AWS::BedrockAgentCore::Runtime",
            "aws.agent.id": version.runtime_id,
            "aws.endpoint.name": version.endpoint,
            "aws.request.id": self._request.id,
            "aws.region": arn.region,
            "aws.account.id": arn.account,
            "agentcore.version": version.version,
            "latency_ms": (now - self._began) // 1_000_000,
        }
        name = f"{self._operation} {version.runtime_id.rpartition('-')[0]}"
        whole = self._span(self.context.span_id, self.context.parent_id, name, self._began, now, attributes)
        whole.kind = SERVER
        whole.status = SpanStatus(ERROR, self._error) if self._error else None
        ends = [*(began for _, began in self._steps[1:]), now]
        steps = [
            self._span(secrets.token_hex(8), self.context.span_id, step, began, end, {"session.id": self._session_id})
            for (step, began), end in zip(self._steps, ends, strict=True)
            if step != START or end - began >= _STARTED
        ]
        return [whole, *steps]

    def _span(
        self, span_id: str, parent_id: str, name: str, began: int, end: int, attributes: dict[str, str | int]
    ) -> Span:
        return Span(
            self.context.trace_id,
            span_id,
            parent_id,
            name=name,
            kind=1,
            start_time_unix_nano=str(began),
            end_time_unix_nano=str(end),
            attributes=attributes_of(attributes),
        )


def _caller(grant: TokenGrant | None) -> TracedSession | None:
    return None if grant is None else TracedSession(grant.runtime_arn, grant.endpoint, grant.session_id)
