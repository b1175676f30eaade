"""OTLP in protobuf, as the structs of `formats.otlp`."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final, TypeVar

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agentcore_cli.formats import otlp
from agentcore_cli.formats.otlp import AnyValue, KeyValue

T = TypeVar("T", otlp.TracesData, otlp.LogsData)
DEPTH_MAX: Final = 64  # protobuf itself reads 100 messages in each other, which are 33 to 50 values


def read(body: bytes, shape: type[T]) -> T:
    """Raises ValueError for what is no such message."""
    read_it: Any = _READERS[shape]
    return shape(read_it(body))


def _traces(body: bytes) -> list[otlp.ResourceSpans]:
    return [_resource_spans(each) for each in _parsed(ExportTraceServiceRequest, body).resource_spans]


def _logs(body: bytes) -> list[otlp.ResourceLogs]:
    return [_resource_logs(each) for each in _parsed(ExportLogsServiceRequest, body).resource_logs]


_READERS: Final = {otlp.TracesData: _traces, otlp.LogsData: _logs}


def _parsed(kind: Any, body: bytes) -> Any:
    try:
        return kind.FromString(body)
    except DecodeError as error:
        raise ValueError(str(error)) from error


def _resource_spans(group: Any) -> otlp.ResourceSpans:
    scopes = [otlp.ScopeSpans(_scope(each.scope), list(map(_span, each.spans))) for each in group.scope_spans]
    return otlp.ResourceSpans(otlp.SpanResource(_attributes(group.resource.attributes)), scopes)


def _resource_logs(group: Any) -> otlp.ResourceLogs:
    scopes = [otlp.ScopeLogs(_scope(each.scope), list(map(_record, each.log_records))) for each in group.scope_logs]
    return otlp.ResourceLogs(otlp.SpanResource(_attributes(group.resource.attributes)), scopes)


def _scope(scope: Any) -> otlp.SpanScope:
    return otlp.SpanScope(scope.name, scope.version, _attributes(scope.attributes))


def _span(span: Any) -> otlp.Span:
    return otlp.Span(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.trace_state,
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        _attributes(span.attributes),
        [otlp.SpanEvent(str(each.time_unix_nano), each.name, _attributes(each.attributes)) for each in span.events],
        [
            otlp.SpanLink(each.trace_id.hex(), each.span_id.hex(), each.trace_state, _attributes(each.attributes))
            for each in span.links
        ],
        otlp.SpanStatus(span.status.code, span.status.message) if span.HasField("status") else None,
    )


def _record(record: Any) -> otlp.LogRecord:
    return otlp.LogRecord(
        str(record.time_unix_nano),
        str(record.observed_time_unix_nano),
        _value(record.body, DEPTH_MAX),
        _attributes(record.attributes),
        record.trace_id.hex(),
        record.span_id.hex(),
        record.event_name,
    )


def _attributes(attributes: Iterable[Any], left: int = DEPTH_MAX) -> list[KeyValue]:
    return [KeyValue(each.key, _value(each.value, left)) for each in attributes]


def _value(value: Any, left: int) -> AnyValue:
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return AnyValue(string_value=value.string_value)
    if kind == "int_value":
        return AnyValue(int_value=str(value.int_value))
    if kind == "double_value":
        return AnyValue(double_value=_double(value.double_value))
    if kind == "bool_value":
        return AnyValue(bool_value=value.bool_value)
    if kind == "bytes_value":
        return AnyValue(bytes_value=base64.b64encode(value.bytes_value).decode())
    if kind == "array_value" and left:
        return AnyValue(array_value=otlp.ArrayValue([_value(each, left - 1) for each in value.array_value.values]))
    if kind == "kvlist_value" and left:
        return AnyValue(kvlist_value=otlp.KeyValueList(_attributes(value.kvlist_value.values, left - 1)))
    return AnyValue()


def _double(value: float) -> float | str:
    """JSON has no NaN and no infinities; protobuf's JSON writes them as text."""
    if value != value:
        return "NaN"
    return value if abs(value) != float("inf") else ("Infinity" if value > 0 else "-Infinity")
