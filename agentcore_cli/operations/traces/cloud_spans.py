"""Spans as CloudWatch keeps them, one JSON object a line: in `aws/spans`, or in a runtime's own stream `spans`.

They are OTLP's, but that attributes are an object, kinds and statuses are words, and what a model was told stands in
log records beside them (understanding-input-spans).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from agentcore_cli.documents import value_or_text
from agentcore_cli.formats import otlp
from agentcore_cli.formats.otlp import (
    LogRecord,
    ResourceSpans,
    ScopeSpans,
    Span,
    SpanEvent,
    SpanResource,
    SpanScope,
    SpanStatus,
    TracesData,
    WholeTrace,
)

_KINDS: Final = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
_STATUSES: Final = {"OK": 1, "ERROR": otlp.ERROR}


def read(lines: Iterable[str]) -> WholeTrace:
    """The spans among the lines, and what else belongs to a span; a line that is neither, or broken, is passed over."""
    spans: dict[str, ResourceSpans] = {}
    records: list[LogRecord] = []
    for line in lines:
        told = _object(value_or_text(line))
        if not isinstance(told.get("traceId"), str) or not isinstance(told.get("spanId"), str):
            continue
        if "startTimeUnixNano" in told:
            spans.setdefault(told["spanId"], _resource_spans(told))
        else:
            records.append(_record(told))
    return WholeTrace(TracesData(list(spans.values())), records)


def spans_of(whole: WholeTrace) -> list[Span]:
    groups = [group for resource in whole.trace.resource_spans for group in resource.scope_spans]
    return [span for group in groups for span in group.spans]


def _resource_spans(told: Mapping[str, Any]) -> ResourceSpans:
    scope, resource = _object(told.get("scope")), _object(told.get("resource"))
    status = _object(told.get("status"))
    start, end = _nanoseconds(told["startTimeUnixNano"]), _nanoseconds(told.get("endTimeUnixNano"))
    span = Span(
        told["traceId"],
        told["spanId"],
        str(told.get("parentSpanId") or ""),
        name=str(told.get("name", "")),
        kind=_KINDS.get(str(told.get("kind")), 0),
        start_time_unix_nano=str(start),
        end_time_unix_nano=str(end or start + _nanoseconds(told.get("durationNano"))),
        attributes=_attributes(told.get("attributes")),
        events=[_event(_object(each)) for each in told.get("events") or () if isinstance(each, dict)],
        status=SpanStatus(_STATUSES.get(str(status.get("code")), 0), str(status.get("message", ""))),
    )
    named = SpanScope(str(scope.get("name", "")), str(scope.get("version", "")))
    return ResourceSpans(SpanResource(_attributes(resource.get("attributes"))), [ScopeSpans(named, [span])])


def _event(told: Mapping[str, Any]) -> SpanEvent:
    at = str(_nanoseconds(told.get("timeUnixNano")))
    return SpanEvent(at, str(told.get("name", "")), _attributes(told.get("attributes")))


def _record(told: Mapping[str, Any]) -> LogRecord:
    attributes = _attributes(told.get("attributes"))
    name = str(told.get("eventName") or _object(told.get("attributes")).get("event.name", ""))
    at = str(_nanoseconds(told.get("timeUnixNano")))
    body = otlp.any_value(told.get("body"))
    return LogRecord(
        at, body=body, attributes=attributes, trace_id=told["traceId"], span_id=told["spanId"], event_name=name
    )


def _attributes(told: Any) -> list[otlp.KeyValue]:
    return [otlp.KeyValue(name, otlp.any_value(value)) for name, value in _object(told).items()]


def _object(told: Any) -> dict[str, Any]:
    return told if isinstance(told, dict) else {}


def _nanoseconds(told: Any) -> int:
    try:
        return max(0, int(told or 0))
    except (TypeError, ValueError, OverflowError):
        return 0
