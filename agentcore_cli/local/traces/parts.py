"""Writing what sessions did in traces: spans, log records and calls, each session to its own parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from agentcore_cli.formats import otlp
from agentcore_cli.formats.otlp import KeyValue, LogRecord, LogsData, Span, SpanResource, SpanScope, TracesData
from agentcore_cli.local.store import Database
from agentcore_cli.local.traces import trimming
from agentcore_cli.local.traces.bodies import is_span_id, is_trace_id
from agentcore_cli.local.traces.frames import TracedCall, TracedSession
from agentcore_cli.local.traces.tally import PartTally

SESSION_ID: Final = "session.id"
_encoder = msgspec.json.Encoder()


class Origin(msgspec.Struct, frozen=True):
    """Where spans come from."""

    resource: SpanResource
    scope: SpanScope


CALL_ORIGIN: Final = Origin(
    SpanResource(otlp.attributes_of({"service.name": "agentcore"})), SpanScope("agentcore.runtime")
)


class TraceParts:
    """What is written is never read to its writer."""

    def __init__(self, store: Database) -> None:
        self._store = store

    def add_spans(self, session: TracedSession, data: TracesData, now: float) -> int:
        """Keep the spans of an export; gives how many were not kept: broken ones, and those above the limits."""
        owner, broken = self._session(session), 0
        tallies: dict[str, PartTally] = {}
        for origin, spans in _groups(data):
            number = None
            for span in spans:
                if not _is_sound(span):
                    broken += 1
                    continue
                number = number or self._origin(origin)
                _name_session(span.attributes, session.session_id)
                self._add(tallies, owner, span, number, now)
        return broken + self._write(owner, tallies, now)

    def add_records(self, session: TracedSession, data: LogsData, now: float) -> int:
        """Keep the log records that belong to a span; the others are the log's. Gives how many were not kept."""
        owner = self._session(session)
        tallies: dict[str, PartTally] = {}
        for record in _records(data):
            at = _time_of(record)
            tally = self._tally(tallies, owner, record.trace_id, at, at, now)
            body = trimming.trim_record(record)
            if tally.has_room(len(body)):
                self._store.execute("INSERT INTO records VALUES (?, ?, ?)", tally.part, record.span_id, body)
                tally.bytes += len(body)
                tally.grown += len(body)
        return self._write(owner, tallies, now)

    def add_call(self, call: TracedCall, now: float) -> None:
        """Keep a call: its first span is the call itself, the others are its steps."""
        owner, whole = self._session(call.session), call.spans[0]
        tallies: dict[str, PartTally] = {}
        part = self._tally(tallies, owner, whole.trace_id, whole.start, whole.end, now).part
        added = self._store.execute(
            "INSERT OR IGNORE INTO calls VALUES (?, ?, ?, ?, ?)", whole.span_id, part, owner, whole.start, whole.end
        )
        if not added.rowcount:
            return
        hangs = None
        if call.caller is not None and call.caller != call.session:
            above = self._session(call.caller)
            hangs = self._tally({}, above, whole.trace_id, whole.start, whole.end, now).part
        self._store.execute(
            "UPDATE parts SET is_called = 1, hangs = CASE WHEN is_called AND hangs IS NULL THEN NULL ELSE ? END "
            "WHERE id = ?",
            *(None if self._stands_above(part, hangs) else hangs, part),
        )
        origin = self._origin(CALL_ORIGIN)
        for span in call.spans:
            self._add(tallies, owner, span, origin, now)
        self._write(owner, tallies, now)
        self._take_in(owner, whole.start, whole.end)

    def _add(self, tallies: dict[str, PartTally], owner: int, span: Span, origin: int, now: float) -> None:
        """Keep one span, if there is room; one that is there already stays as it is."""
        body = trimming.trim_span(span)
        tally = self._tally(tallies, owner, span.trace_id, span.start, span.end, now)
        if not tally.has_room(len(body)):
            return
        added = self._store.execute(
            "INSERT OR IGNORE INTO spans VALUES (?, ?, ?, ?, ?)", tally.part, span.span_id, origin, span.start, body
        )
        if added.rowcount:
            tally.count(span, len(body))

    def _tally(
        self, tallies: dict[str, PartTally], owner: int, trace: str, started: int, ended: int, now: float
    ) -> PartTally:
        """Of the session's part of a trace, which is made if there is none; it lasts from `started` to `ended`."""
        tally = tallies.get(trace)
        if tally is None:
            tally = tallies[trace] = self._part(owner, trace, started, ended, now)
        tally.started, tally.ended = min(tally.started, started), max(tally.ended, ended)
        return tally

    def _part(self, owner: int, trace: str, started: int, ended: int, now: float) -> PartTally:
        row = self._store.one(
            "SELECT id, started, ended, models, spans, bytes FROM parts WHERE trace = ? AND session = ?", trace, owner
        )
        if row is not None:
            return PartTally(*row)
        made = self._store.execute(
            "INSERT INTO parts (trace, session, hangs, seen, started, ended) VALUES (?, ?, ?, ?, ?, ?)",
            *(trace, owner, self._call_at(owner, started), now, started, ended),
        )
        return PartTally(int(made.lastrowid or 0), started, ended)

    def _write(self, owner: int, tallies: Mapping[str, PartTally], now: float) -> int:
        """Write the tallies down; gives how many spans and records had no room."""
        for tally in tallies.values():
            self._store.execute(
                "UPDATE parts SET started = ?, ended = ?, models = ?, spans = ?, bytes = ?, seen = ?, "
                "dropped = dropped + ?, errors = errors + ?, input = input + ?, output = output + ?, "
                "tools = tools + ? WHERE id = ?",
                *(tally.started, tally.ended, tally.models, tally.spans, tally.bytes, now),
                *(tally.dropped, tally.errors, tally.input, tally.output, tally.tools, tally.part),
            )
        grown = sum(tally.grown for tally in tallies.values())
        self._store.execute("UPDATE sessions SET bytes = bytes + ? WHERE id = ?", grown, owner)
        return sum(tally.dropped for tally in tallies.values())

    def _session(self, session: TracedSession) -> int:
        named = (session.runtime_arn, session.endpoint, session.session_id)
        self._store.execute("INSERT OR IGNORE INTO sessions (arn, endpoint, session) VALUES (?, ?, ?)", *named)
        row = self._store.one("SELECT id FROM sessions WHERE (arn, endpoint, session) = (?, ?, ?)", *named)
        assert row is not None, "it was written just now"
        return int(row[0])

    def _origin(self, origin: Origin) -> int:
        body = _encoder.encode(origin)
        self._store.execute("INSERT OR IGNORE INTO origins (body) VALUES (?)", body)
        row = self._store.one("SELECT id FROM origins WHERE body = ?", body)
        assert row is not None, "it was written just now"
        return int(row[0])

    def _call_at(self, owner: int, moment: int) -> int | None:
        """The part of the one call that the session had then; None where it had none, or several."""
        rows = self._store.all(
            "SELECT part FROM calls WHERE session = ? AND started <= ? AND ended >= ? LIMIT 2", owner, moment, moment
        )
        return int(rows[0][0]) if len(rows) == 1 else None

    def _take_in(self, owner: int, started: int, ended: int) -> None:
        """Hang below a call what began in it and no call led to."""
        for part, moment in self._store.all(
            "SELECT id, started FROM parts WHERE session = ? AND is_called = 0 AND started BETWEEN ? AND ?",
            *(owner, started, ended),
        ):
            self._store.execute("UPDATE parts SET hangs = ? WHERE id = ?", self._call_at(owner, moment), part)

    def _stands_above(self, part: int, other: int | None) -> bool:
        """Whether `other` hangs below `part`, or is it: then it can't be the other way round."""
        while other is not None:
            if other == part:
                return True
            row = self._store.one("SELECT hangs FROM parts WHERE id = ?", other)
            other = row[0] if row else None
        return False


def _groups(data: TracesData) -> Iterator[tuple[Origin, list[Span]]]:
    for resource in data.resource_spans:
        kept = SpanResource(trimming.trim_attributes(resource.resource.attributes))
        for group in resource.scope_spans:
            scope = group.scope
            named = SpanScope(scope.name[:200], scope.version[:200], trimming.trim_attributes(scope.attributes))
            yield Origin(kept, named), group.spans


def _records(data: LogsData) -> Iterator[LogRecord]:
    for resource in data.resource_logs:
        for group in resource.scope_logs:
            for record in group.log_records:
                if is_trace_id(record.trace_id) and is_span_id(record.span_id) and _has_content(record):
                    yield record


def _has_content(record: LogRecord) -> bool:
    """Whether it tells of a span's work; a line of the log is the log's."""
    return bool(record.event_name) or any(each.key == "event.name" for each in record.attributes)


def _time_of(record: LogRecord) -> int:
    return min(max(int(record.time_unix_nano) or int(record.observed_time_unix_nano), 0), trimming.TIME_MAX)


def _is_sound(span: Span) -> bool:
    try:
        span.start, span.end  # noqa: B018 (a time that is no number raises)
    except ValueError:
        return False
    return is_trace_id(span.trace_id) and is_span_id(span.span_id)


def _name_session(attributes: list[KeyValue], session_id: str) -> None:
    """What the agent says itself, as from the baggage, stays."""
    if not any(each.key == SESSION_ID for each in attributes):
        attributes.append(KeyValue(SESSION_ID, otlp.any_value(session_id)))
