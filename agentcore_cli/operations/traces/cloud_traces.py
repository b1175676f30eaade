"""Traces on AWS, by CloudWatch Logs Insights: the account's spans, the runtime's own, and the log lines beside them."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Final

from agentcore_cli import names, wiring
from agentcore_cli.aws.log_groups import LogGroups
from agentcore_cli.aws.trace_search import TraceSearch
from agentcore_cli.contract import log_group
from agentcore_cli.errors import NotFoundError
from agentcore_cli.formats import genai, otlp
from agentcore_cli.formats.otlp import Span, WholeTrace
from agentcore_cli.local.protocol import TracePage, TraceRecord
from agentcore_cli.operations import destination
from agentcore_cli.operations.selection import Selected
from agentcore_cli.operations.traces import cloud_spans
from agentcore_cli.operations.traces.traces import TracesRequest
from agentcore_cli.operations.traces.tree import session_of

SPANS: Final = "aws/spans"
DEFAULT_SINCE: Final = 3600.0  # seconds; a query is paid by what it reads
SHOWN_SINCE: Final = 14 * 86_400.0  # how old a trace may be that is named
_BILLION: Final = 1_000_000_000


def list_on_aws(request: TracesRequest, selected: Selected) -> TracePage:
    """The traces of an endpoint, newest first, of the last hour or `since`. Raises NotFoundError (4)."""
    there = destination.of(selected, request.endpoint)
    phrases = [there.runtime_id]
    if request.session is not None:
        phrases.append(names.session_id(request.session, there.arn, there.endpoint))
    since = DEFAULT_SINCE if request.since is None else request.since
    whole = _query(selected, there.runtime_id, there.endpoint, since, phrases)
    traces: dict[str, list[Span]] = {}
    for span in cloud_spans.spans_of(whole):
        traces.setdefault(span.trace_id, []).append(span)
    found = [_record(trace, spans, there.arn, there.endpoint) for trace, spans in traces.items()]
    found.sort(key=lambda record: -record.started_at)
    return TracePage(tuple(found[: request.limit]), time.time())


def show_on_aws(selected: Selected, trace_id: str, endpoint: str | None) -> WholeTrace:
    """All that was written of a trace. Raises NotFoundError (4)."""
    there = destination.of(selected, endpoint)
    whole = _query(selected, there.runtime_id, there.endpoint, SHOWN_SINCE, [trace_id])
    if not whole.trace.resource_spans:
        raise NotFoundError(
            f"trace {trace_id}: no span of it is there; they come some minutes after the call",
            hint=f"{selected.command('doctor')} --traces says what may be missing",
        )
    return whole


def _query(selected: Selected, runtime_id: str, endpoint: str, since: float, phrases: list[str]) -> WholeTrace:
    now, own = time.time(), log_group(runtime_id, endpoint)
    with closing(wiring.session(selected)) as session:
        groups = LogGroups(session)
        known = [name for name in (SPANS, own) if any(group.name == name for group in groups.all(name))]
        if not known:
            raise NotFoundError(
                f"neither {SPANS} nor {own} is there: no span was written yet",
                hint=f"{selected.command('doctor')} --traces says what is missing",
            )
        return cloud_spans.read(TraceSearch(session).messages(known, now - since, now, phrases))


def _record(trace: str, spans: list[Span], arn: str, endpoint: str) -> TraceRecord:
    known = [genai.summary(otlp.plain_attributes(span.attributes)) for span in spans]
    models = [each for each in known if each.work == "model"]
    start = min(span.start for span in spans)
    return TraceRecord(
        trace_id=trace,
        number=0,
        runtime_arn=arn,
        endpoint=endpoint,
        session_id=next(filter(None, map(session_of, spans)), ""),
        started_at=start / _BILLION,
        seconds=(max(span.end for span in spans) - start) / _BILLION,
        spans=len(spans),
        errors=sum(span.has_failed for span in spans),
        input_tokens=sum(each.input_tokens for each in models),
        output_tokens=sum(each.output_tokens for each in models),
        tools=sum(each.work == "tool" for each in known),
        models=tuple(dict.fromkeys(each.model for each in models if each.model)),
    )
