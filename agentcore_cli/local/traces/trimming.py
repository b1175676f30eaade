"""What of a span is too much: values above 64 kB, a span above 1 MB, what nests deeper than anybody reads.

What was cut says so, at its end.
"""

from __future__ import annotations

from typing import Final

import msgspec

from agentcore_cli.formats.otlp import AnyValue, KeyValue, LogRecord, Span

VALUE_MAX: Final = 65_536  # bytes
SPAN_MAX: Final = 1_048_576  # bytes of all values of a span together
DEPTH_MAX: Final = 32
ATTRIBUTES_MAX: Final = 1_000  # of a span or an event
EVENTS_MAX: Final = 1_000
NAME_MAX: Final = 1_024  # characters
TIME_MAX: Final = 2**63 - 1  # nanoseconds, as SQLite keeps them

_encoder = msgspec.json.Encoder()


def trim_span(span: Span) -> bytes:
    """Cut what is too much; gives the span as JSON. Raises ValueError for a time that is no number."""
    span.start_time_unix_nano = str(_time(span.start_time_unix_nano))
    span.end_time_unix_nano = str(max(_time(span.end_time_unix_nano), span.start))
    encoded = _encoder.encode(span)
    if len(encoded) <= VALUE_MAX and _is_shallow(span.attributes):
        return encoded
    budget = _Budget()
    span.name = span.name[:NAME_MAX]
    if span.status is not None:
        span.status.message = budget.text(span.status.message)
    span.attributes = budget.attributes(span.attributes)
    span.links = span.links[:ATTRIBUTES_MAX]
    for link in span.links:
        link.attributes = budget.attributes(link.attributes)
    span.events = span.events[:EVENTS_MAX]
    for event in span.events:
        event.name = event.name[:NAME_MAX]
        event.attributes = budget.attributes(event.attributes)
    return _encoder.encode(span)


def trim_record(record: LogRecord) -> bytes:
    """The same for a log record; a body that is large is cut as one value."""
    budget = _Budget(value_max=SPAN_MAX // 2)
    record.event_name = record.event_name[:NAME_MAX]
    record.body = budget.value(record.body)
    record.attributes = budget.attributes(record.attributes)
    return _encoder.encode(record)


def trim_attributes(attributes: list[KeyValue]) -> list[KeyValue]:
    """Those of a resource or a scope."""
    return _Budget().attributes(attributes)


class _Budget:
    """What is left to a span."""

    def __init__(self, value_max: int = VALUE_MAX) -> None:
        self._left = SPAN_MAX
        self._value_max = value_max

    def attributes(self, attributes: list[KeyValue]) -> list[KeyValue]:
        return [KeyValue(each.key[:NAME_MAX], self.value(each.value)) for each in attributes[:ATTRIBUTES_MAX]]

    def value(self, value: AnyValue | None) -> AnyValue | None:
        if value is None:
            return None
        if value.string_value is not None:
            return AnyValue(string_value=self.text(value.string_value))
        if not _is_value_shallow(value, DEPTH_MAX):
            return AnyValue(string_value=f"… (left out: it nests deeper than {DEPTH_MAX} levels)")
        encoded = _encoder.encode(value)
        if len(encoded) <= min(self._value_max, self._left):
            self._left -= len(encoded)
            return value
        return AnyValue(string_value=self.text(encoded.decode()))

    def text(self, text: str) -> str:
        most = min(self._value_max, self._left)
        if len(text) * 4 <= most:
            self._left -= len(text)
            return text
        encoded = text.encode(errors="replace")
        self._left -= min(most, len(encoded))
        if len(encoded) <= most:
            return text
        return f"{encoded[:most].decode(errors='ignore')}… (cut: it has {len(encoded):,} bytes)"


def _is_shallow(attributes: list[KeyValue]) -> bool:
    return len(attributes) <= ATTRIBUTES_MAX and all(_is_value_shallow(each.value, DEPTH_MAX) for each in attributes)


def _is_value_shallow(value: AnyValue | None, left: int) -> bool:
    if value is None:
        return True
    if left == 0:
        return False
    if value.array_value is not None:
        return all(_is_value_shallow(each, left - 1) for each in value.array_value.values)
    if value.kvlist_value is not None:
        return all(_is_value_shallow(each.value, left - 1) for each in value.kvlist_value.values)
    return True


def _time(value: int | str) -> int:
    return min(max(int(value), 0), TIME_MAX)
