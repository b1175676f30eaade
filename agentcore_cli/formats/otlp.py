"""OpenTelemetry's traces and log records in JSON: what exporters send, what is kept, what `traces show --json` prints.

Source: opentelemetry-proto, "JSON Protobuf Encoding": names are in camel case, ids are hex digits, 64-bit integers may
be text, what has its default is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct, field

ERROR: Final = 2  # of a status
SERVER: Final = 2  # of a kind


class AnyValue(Struct, rename="camel", omit_defaults=True):
    """One of its members, or none for no value."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None


class ArrayValue(Struct, rename="camel", omit_defaults=True):
    values: list[AnyValue] = []


class KeyValue(Struct, rename="camel", omit_defaults=True):
    key: str = ""
    value: AnyValue | None = None


class KeyValueList(Struct, rename="camel", omit_defaults=True):
    values: list[KeyValue] = []


class SpanResource(Struct, rename="camel", omit_defaults=True):
    attributes: list[KeyValue] = []


class SpanScope(Struct, rename="camel", omit_defaults=True):
    name: str = ""
    version: str = ""
    attributes: list[KeyValue] = []


class SpanEvent(Struct, rename="camel", omit_defaults=True):
    time_unix_nano: int | str = 0
    name: str = ""
    attributes: list[KeyValue] = []


class SpanLink(Struct, rename="camel", omit_defaults=True):
    trace_id: str = ""
    span_id: str = ""
    trace_state: str = ""
    attributes: list[KeyValue] = []


class SpanStatus(Struct, rename="camel", omit_defaults=True):
    code: int = 0
    message: str = ""


class Span(Struct, rename="camel", omit_defaults=True):
    """Times are nanoseconds since the epoch."""

    trace_id: str = ""
    span_id: str = ""
    parent_span_id: str = ""
    trace_state: str = ""
    name: str = ""
    kind: int = 0
    start_time_unix_nano: int | str = 0
    end_time_unix_nano: int | str = 0
    attributes: list[KeyValue] = []
    events: list[SpanEvent] = []
    links: list[SpanLink] = []
    status: SpanStatus | None = None

    @property
    def has_failed(self) -> bool:
        return self.status is not None and self.status.code == ERROR

    @property
    def start(self) -> int:
        return int(self.start_time_unix_nano)

    @property
    def end(self) -> int:
        return int(self.end_time_unix_nano)


class LogRecord(Struct, rename="camel", omit_defaults=True):
    time_unix_nano: int | str = 0
    observed_time_unix_nano: int | str = 0
    body: AnyValue | None = None
    attributes: list[KeyValue] = []
    trace_id: str = ""
    span_id: str = ""
    event_name: str = ""


class ScopeSpans(Struct, rename="camel", omit_defaults=True):
    scope: SpanScope = field(default_factory=SpanScope)
    spans: list[Span] = []


class ResourceSpans(Struct, rename="camel", omit_defaults=True):
    resource: SpanResource = field(default_factory=SpanResource)
    scope_spans: list[ScopeSpans] = []


class TracesData(Struct, rename="camel", omit_defaults=True):
    resource_spans: list[ResourceSpans] = []


class ScopeLogs(Struct, rename="camel", omit_defaults=True):
    scope: SpanScope = field(default_factory=SpanScope)
    log_records: list[LogRecord] = []


class ResourceLogs(Struct, rename="camel", omit_defaults=True):
    resource: SpanResource = field(default_factory=SpanResource)
    scope_logs: list[ScopeLogs] = []


class LogsData(Struct, rename="camel", omit_defaults=True):
    resource_logs: list[ResourceLogs] = []


class WholeTrace(Struct):
    """All spans of a trace, with the log records that were written in them; `dropped` ones had no room."""

    trace: TracesData
    records: list[LogRecord] = []
    dropped: int = 0


def plain(value: AnyValue | None) -> Any:
    """The value as Python has it; bytes stay base64."""
    if value is None:
        return None
    if value.string_value is not None:
        return value.string_value
    if value.int_value is not None:
        return int(value.int_value)
    if value.bool_value is not None:
        return value.bool_value
    if value.double_value is not None:
        return float(value.double_value)
    if value.array_value is not None:
        return [plain(each) for each in value.array_value.values]
    if value.kvlist_value is not None:
        return plain_attributes(value.kvlist_value.values)
    return value.bytes_value


def plain_attributes(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    """By their names; of two alike the last."""
    return {each.key: plain(each.value) for each in attributes}


def attributes_of(values: Mapping[str, str | int | float | bool]) -> list[KeyValue]:
    """Attributes out of Python's values."""
    return [KeyValue(name, any_value(value)) for name, value in values.items()]


def any_value(value: Any) -> AnyValue:
    """What JSON has, as a value."""
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=str(value))
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList([KeyValue(str(key), any_value(each)) for key, each in value.items()]))
    if isinstance(value, (list, tuple)):
        return AnyValue(array_value=ArrayValue([any_value(each) for each in value]))
    return AnyValue() if value is None else AnyValue(string_value=str(value))
