"""Traces as those see them who have the server's key: a list, and one whole."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from agentcore_cli.local.protocol import TraceRecord
from agentcore_cli.local.store import Database
from agentcore_cli.local.traces.frames import TraceQuery

_BELOW: Final = (
    "WITH RECURSIVE below (id) AS (SELECT id FROM parts WHERE {which} "
    "UNION SELECT p.id FROM parts p JOIN below ON p.hangs = below.id) "
)
_BILLION: Final = 1_000_000_000


class _Origin(msgspec.Struct):
    resource: msgspec.Raw
    scope: msgspec.Raw


class TraceReading:
    """Reads what `parts` wrote."""

    def __init__(self, store: Database) -> None:
        self._store = store

    def records(self, query: TraceQuery) -> list[TraceRecord]:
        """The traces of a query, newest first."""
        where = ["p.hangs IS NULL", "p.id > ?", "p.started >= ?"]
        values: list[str | int] = [query.after, int(query.since * _BILLION)]
        asked = {"s.arn": query.runtime_arn, "s.endpoint": query.endpoint, "s.session": query.session_id}
        for column, value in asked.items():
            if value:
                where.append(f"{column} = ?")
                values.append(value)
        rows = self._store.all(
            "SELECT p.id, p.trace, s.arn, s.endpoint, s.session, p.started, p.ended, p.is_called FROM parts p "
            f"JOIN sessions s ON p.session = s.id WHERE {' AND '.join(where)} "
            "ORDER BY p.started DESC, p.id DESC LIMIT ?",
            *values,
            query.limit,
        )
        return [self._record(*row) for row in rows]

    def _record(
        self, part: int, trace: str, arn: str, endpoint: str, session: str, started: int, ended: int, called: int
    ) -> TraceRecord:
        sums: Any = self._store.one(
            _BELOW.format(which="id = ?")
            + "SELECT sum(spans), sum(errors), sum(input), sum(output), sum(tools), sum(dropped), "
            "group_concat(models, ' '), max(ended) FROM parts WHERE id IN below",
            part,
        )
        spans, errors, tokens_in, tokens_out, tools, dropped, models, last = sums
        return TraceRecord(
            trace_id=trace,
            number=part,
            runtime_arn=arn,
            endpoint=endpoint,
            session_id=session,
            started_at=started / _BILLION,
            seconds=max(0, (ended if called else last) - started) / _BILLION,
            spans=spans,
            errors=errors,
            input_tokens=tokens_in,
            output_tokens=tokens_out,
            tools=tools,
            dropped=dropped,
            models=tuple(dict.fromkeys((models or "").split())),
        )

    def whole(self, query: TraceQuery) -> bytes | None:
        """All spans of a trace and of what hangs below it, as OTLP's JSON, with the log records that belong to spans;
        None if there is no such trace.

        Of a trace's id everything is meant that calls from outside led to; else what a session began by itself.
        """
        part = self._parts(query)
        if not part:
            return None
        below = _BELOW.format(which=f"id IN ({','.join('?' * len(part))})")
        spans = self._store.all(
            f"{below} SELECT origin, body FROM spans WHERE part IN below ORDER BY origin, started, span", *part
        )
        records = self._store.all(f"{below} SELECT body FROM records WHERE part IN below ORDER BY rowid", *part)
        groups: dict[int, list[bytes]] = {}
        for origin, body in spans:
            groups.setdefault(origin, []).append(body)
        resources = [self._resource(origin, bodies) for origin, bodies in groups.items()]
        logs = _array([body for (body,) in records])
        dropped: Any = self._store.one(f"{below} SELECT sum(dropped) FROM parts WHERE id IN below", *part)
        text = b'{"trace":{"resourceSpans":%b},"records":%b,"dropped":%d}'
        return text % (_array(resources), logs, dropped[0] or 0)

    def _parts(self, query: TraceQuery) -> list[int]:
        """Where a trace begins."""
        sessions = "" if not query.session_id else "AND s.session = ?"
        runtimes = "" if not query.runtime_arn else "AND s.arn = ?"
        rows = self._store.all(
            "SELECT p.id, p.is_called AND p.hangs IS NULL FROM parts p JOIN sessions s ON p.session = s.id "
            f"WHERE p.trace = ? {sessions} {runtimes} ORDER BY 2 DESC, p.id",
            *filter(None, (query.trace_id, query.session_id, query.runtime_arn)),
        )
        called = [part for part, is_called in rows if is_called]
        return called or [part for part, _ in rows[:1]]

    def _resource(self, origin: int, spans: list[bytes]) -> bytes:
        row = self._store.one("SELECT body FROM origins WHERE id = ?", origin)
        found = msgspec.json.decode(row[0] if row else b'{"resource":{},"scope":{}}', type=_Origin)
        text = b'{"resource":%b,"scopeSpans":[{"scope":%b,"spans":%b}]}'
        return text % (bytes(found.resource), bytes(found.scope), _array(spans))


def _array(items: list[bytes]) -> bytes:
    return b"[%b]" % b",".join(items)
