"""What the process that keeps the traces does with exports and calls: whose they become, and what is not kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentcore_cli.formats import otlp
from agentcore_cli.formats.otlp import Span, WholeTrace
from agentcore_cli.local.protocol import TracePage, TraceRecord
from agentcore_cli.local.store import Database
from agentcore_cli.local.storing.frames import Answered
from agentcore_cli.local.traces import bodies, cleaning, tally, trimming
from agentcore_cli.local.traces.frames import TraceAsked, TracedCall, TracedSession, TraceQuery
from agentcore_cli.local.traces.spool import Spool
from agentcore_cli.local.traces.worker import TraceWorker
from tests.exported import BEGAN, SECOND, TRACE, as_json, as_protobuf, attribute, export, span

ARN = "arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/bot-AbCdEf0123"
ANN, BOB = (TracedSession(ARN, "DEFAULT", name * 33) for name in "ab")
OTHER = "0af7651916cd43dd8448eb211c80319c"
NOW = 1_790_000_100.0


class Traces:
    """The worker over a database, asked as the server asks it."""

    def __init__(self, folder: Path, traces_max: int = 100) -> None:
        self.store = Database(folder / "traces.db", durable=False)
        self.worker = TraceWorker(self.store, traces_max=traces_max)

    def ask(self, what: Any, now: float = NOW, **members: Any) -> Answered:
        return self.worker.answer([TraceAsked(what, now, **members)])[0]

    def export(
        self, body: bytes, session: TracedSession = ANN, kind: str = bodies.JSON, encoding: str = ""
    ) -> Answered:
        return self.ask("spans", body=body, session=session, content_type=kind, encoding=encoding)

    def call(
        self, number: int, session: TracedSession = ANN, *, caller: TracedSession | None = None, **said: Any
    ) -> None:
        made = msgspec.convert(span(number, "InvokeAgentRuntime", **said), Span)
        made.kind = otlp.SERVER
        answered = self.ask("calls", body=msgspec.msgpack.encode([TracedCall(session, [made], caller)]))
        assert answered.fault() is None, answered.body

    def records(self, now: float = NOW, **query: Any) -> list[TraceRecord]:
        answered = self.ask("list", now, query=TraceQuery(**query))
        return list(msgspec.json.decode(answered.body, type=TracePage).traces)

    def spans(self, trace: str = TRACE, **query: Any) -> dict[str, Span]:
        answered = self.ask("show", query=TraceQuery(trace_id=trace, **query))
        assert answered.fault() is None, answered.body
        whole = msgspec.json.decode(answered.body, type=WholeTrace)
        groups = [group for resource in whole.trace.resource_spans for group in resource.scope_spans]
        return {each.name: each for group in groups for each in group.spans}


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Traces]:
    made = Traces(tmp_path)
    yield made
    made.store.close()


MODEL = span(
    2,
    "chat",
    parent=1,
    gen_ai__operation__name="chat",
    gen_ai__request__model="claude",
    gen_ai__usage__input_tokens=120,
    gen_ai__usage__output_tokens=30,
    flag=True,
    share=0.5,
    names=["a", "b"],
)
BOTH = export(span(1, "invoke_agent"), MODEL)


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize(("kind", "write"), [(bodies.JSON, as_json), (bodies.PROTOBUF, as_protobuf)])
def test_an_export_in_each_form_becomes_the_same(traces: Traces, kind: str, write: Any, encoding: str) -> None:
    body = write(BOTH)
    answered = traces.export(gzip.compress(body) if encoding else body, kind=kind, encoding=encoding)
    assert (answered.status, answered.body) == (200, b"0")
    kept = traces.spans()["chat"]
    assert otlp.plain_attributes(kept.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "claude",
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 30,
        "flag": True,
        "share": 0.5,
        "names": ["a", "b"],
        "session.id": ANN.session_id,
    }
    assert (kept.trace_id, kept.parent_span_id, kept.end - kept.start) == (TRACE, f"{1:016x}", SECOND)
    (record,) = traces.records()
    assert (record.spans, record.models, record.input_tokens, record.output_tokens) == (2, ("claude",), 120, 30)
    assert (record.session_id, record.seconds, record.errors) == (ANN.session_id, 1.0, 0)


def test_what_is_sent_again_is_there_once(traces: Traces) -> None:
    traces.export(as_json(BOTH))
    traces.export(as_json(BOTH))
    (record,) = traces.records()
    assert (record.spans, record.input_tokens) == (2, 120)


BROKEN = {
    "no protobuf": (b"\xff\xff\xff", bodies.PROTOBUF, ""),
    "no JSON": (b"{", bodies.JSON, ""),
    "another shape": (b'{"resourceSpans": 7}', bodies.JSON, ""),
    "no UTF-8": (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "\xff"}]}]}]}', bodies.JSON, ""),
    "JSON without end": (b'{"resourceSpans":' * 100_000, bodies.JSON, ""),
    "protobuf that nests": (b"\x0a\x7f" * 5_000, bodies.PROTOBUF, ""),
    "no gzip": (b"{}", bodies.JSON, "gzip"),
    "half a gzip": (gzip.compress(as_json(BOTH))[:-9], bodies.JSON, "gzip"),
    "a gzip bomb": (gzip.compress(b" " * (bodies.UNPACKED_MAX + 1)), bodies.JSON, "gzip"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_export_is_refused_and_harms_no_other(traces: Traces, name: str) -> None:
    body, kind, encoding = BROKEN[name]
    sound = TraceAsked("spans", NOW, as_json(BOTH), ANN, bodies.JSON)
    answers = traces.worker.answer([sound, TraceAsked("spans", NOW, body, ANN, kind, encoding), sound])
    assert [answer.status for answer in answers] == [200, 400, 200]
    assert b"not taken" in answers[1].body
    assert traces.records()[0].spans == 2


@pytest.mark.parametrize(
    "change",
    [{"traceId": "0" * 32}, {"traceId": "xyz"}, {"spanId": ""}, {"spanId": "A" * 16}, {"startTimeUnixNano": "soon"}],
)
def test_a_span_that_is_none_is_counted_and_left_out(traces: Traces, change: dict[str, Any]) -> None:
    answered = traces.export(as_json(export(span(1), span(2) | change)))
    assert (answered.status, answered.body) == (200, b"1")
    assert traces.records()[0].spans == 1


def test_times_that_no_clock_shows_are_kept_within_bounds(traces: Traces) -> None:
    strange = span(1) | {"startTimeUnixNano": str(2**80), "endTimeUnixNano": "-5"}
    assert traces.export(as_json(export(strange))).body == b"0"
    assert traces.spans()["work"].start == trimming.TIME_MAX


def test_the_session_is_the_token_s_and_what_the_baggage_says_stays_beside_it(traces: Traces) -> None:
    traces.export(as_json(export(span(1, session__id=BOB.session_id))), session=ANN)
    (record,) = traces.records()
    assert record.session_id == ANN.session_id
    assert traces.records(session_id=BOB.session_id) == []
    assert otlp.plain_attributes(traces.spans()["work"].attributes)["session.id"] == BOB.session_id


def test_nobody_writes_into_another_s_trace(traces: Traces) -> None:
    """Bob knows the id of Ann's trace and of her spans; what he sends, and whom he calls, is his alone."""
    traces.call(1, ANN)
    traces.export(as_json(export(span(2, "hers", parent=1))), ANN)
    traces.export(as_json(export(span(2, "his", parent=1), span(3, "more", parent=1))), BOB)
    third = TracedSession(ARN, "DEFAULT", "c" * 33)
    traces.call(9, third, caller=BOB)
    assert set(traces.spans()) == {"InvokeAgentRuntime", "hers"}
    assert {record.session_id: record.spans for record in traces.records()} == {ANN.session_id: 2, BOB.session_id: 3}
    assert set(traces.spans(session_id=BOB.session_id)) == {"his", "more", "InvokeAgentRuntime"}


def test_an_agent_that_calls_another_is_one_trace_with_it(traces: Traces) -> None:
    traces.call(3, BOB, caller=ANN, parent=2, at=0.2, seconds=0.1)  # it ends first
    traces.export(as_json(export(span(4, "in bob", parent=3, at=0.2, seconds=0.1))), BOB)
    traces.export(as_json(export(span(2, "in ann", parent=1, at=0.1, seconds=0.5))), ANN)
    traces.call(1, ANN)
    assert {"in ann", "in bob"} < set(traces.spans())
    (record,) = traces.records()
    assert (record.session_id, record.spans, record.seconds) == (ANN.session_id, 4, 1.0)


def test_two_sessions_that_one_caller_s_trace_leads_to_are_shown_together(traces: Traces) -> None:
    traces.call(1, ANN, parent="00000000000000ff")
    traces.export(as_json(export(span(2, "in ann", parent=1))), ANN)
    traces.call(3, BOB, parent="00000000000000ff", at=2)
    traces.export(as_json(export(span(4, "in bob", parent=3, at=2))), BOB)
    assert {"in ann", "in bob"} < set(traces.spans())


def test_sessions_that_call_each_other_in_a_circle_hang_below_one_of_them(traces: Traces) -> None:
    traces.call(1, ANN, caller=BOB)
    traces.call(2, BOB, caller=ANN)
    (record,) = traces.records()
    assert record.spans == 2


@pytest.mark.parametrize("first", ["the call", "the spans"])
def test_a_trace_of_the_agent_s_own_belongs_to_the_call_that_it_began_in(traces: Traces, first: str) -> None:
    own = as_json(export(span(7, "own", trace=OTHER, at=0.5, seconds=0.1)))
    if first == "the spans":
        traces.export(own)
    traces.call(1)
    if first == "the call":
        traces.export(own)
    assert [record.trace_id for record in traces.records()] == [TRACE]
    assert set(traces.spans()) == {"InvokeAgentRuntime", "own"}


@pytest.mark.parametrize("others", [[span(2, at=0.4)], []], ids=["two calls at that time", "no call at that time"])
def test_a_trace_that_no_one_call_can_be_told_of_is_one_of_its_own(traces: Traces, others: list[Any]) -> None:
    traces.call(1)
    if others:
        traces.call(2, trace="f" * 32, at=0.4)
    traces.export(as_json(export(span(7, "own", trace=OTHER, at=0.5 if others else 5))))
    assert OTHER in {record.trace_id for record in traces.records()}
    assert set(traces.spans()) == {"InvokeAgentRuntime"}


def test_another_session_s_call_takes_nothing_in(traces: Traces) -> None:
    traces.call(1, ANN)
    traces.export(as_json(export(span(7, "own", trace=OTHER, at=0.5))), BOB)
    assert {record.trace_id for record in traces.records()} == {TRACE, OTHER}


def test_values_above_64_kB_are_cut_and_say_so(traces: Traces) -> None:
    long = "ä" * trimming.VALUE_MAX
    events = ({"name": "gen_ai.user.message", "attributes": [attribute("content", long)]},)
    traces.export(as_json(export(span(1, text=long, short="x", parts=["y" * 40_000] * 2, events=events))))
    kept = traces.spans()["work"]
    values = otlp.plain_attributes(kept.attributes)
    assert values["short"] == "x"
    for value in (values["text"], values["parts"], otlp.plain_attributes(kept.events[0].attributes)["content"]):
        assert len(value.encode()) < trimming.VALUE_MAX + 60
        assert value.endswith(" bytes)")
    assert f"it has {2 * trimming.VALUE_MAX:,} bytes" in values["text"]


def test_a_span_has_a_megabyte_in_all(traces: Traces) -> None:
    many = {f"a{number}": "x" * 60_000 for number in range(100)}
    traces.export(as_json(export(span(1, **many))))
    assert sum(len(str(otlp.plain(each.value))) for each in traces.spans()["work"].attributes) < trimming.SPAN_MAX * 1.1


def test_a_value_that_nests_deeper_than_anybody_reads_is_left_out(traces: Traces) -> None:
    deep: dict[str, Any] = {"stringValue": "end"}
    for _ in range(200):
        deep = {"arrayValue": {"values": [deep]}}
    traces.export(as_json(export(span(1) | {"attributes": [{"key": "deep", "value": deep}]})))
    assert "nests deeper" in otlp.plain_attributes(traces.spans()["work"].attributes)["deep"]


def test_a_trace_has_room_for_so_many_spans(traces: Traces) -> None:
    answered = traces.export(as_json(export(*map(span, range(1, tally.SPANS_MAX + 16)))))
    assert answered.body == b"15"
    (record,) = traces.records()
    assert (record.spans, record.dropped) == (tally.SPANS_MAX, 15)


def test_the_newest_traces_are_kept(tmp_path: Path) -> None:
    traces = Traces(tmp_path, traces_max=5)
    for number in range(1, 9):
        traces.call(number, trace=f"{number:032x}", at=number)
    assert [int(record.trace_id, 16) for record in traces.records()] == [8, 7, 6, 5, 4]
    assert traces.store.one("SELECT count(*) FROM spans") == (5,)
    traces.store.close()


def test_what_is_two_weeks_old_by_the_runtime_s_clock_goes(traces: Traces) -> None:
    traces.export(as_json(BOTH))
    assert len(traces.records(NOW + cleaning.SECONDS_MAX - 60)) == 1
    traces.records(NOW + cleaning.SECONDS_MAX + 60)
    assert traces.records(NOW + cleaning.SECONDS_MAX + 61) == []
    assert traces.store.one("SELECT count(*) FROM origins") == (0,)


def test_a_session_that_floods_loses_its_own_traces_alone(traces: Traces) -> None:
    traces.call(1, ANN)
    many = {f"a{number}": "x" * 60_000 for number in range(17)}
    for number in range(2, 72):
        traces.export(as_json(export(span(number, trace=f"{number:032x}", at=number, **many))), BOB)
    his = traces.records(session_id=BOB.session_id)
    assert 50 < len(his) < 68
    assert his[0].trace_id == f"{71:032x}"
    assert [record.trace_id for record in traces.records(session_id=ANN.session_id)] == [TRACE]


def test_a_session_begins_so_many_traces_by_itself(tmp_path: Path) -> None:
    traces = Traces(tmp_path, traces_max=cleaning.TRACES_MAX)
    traces.call(1, ANN)
    traces.export(as_json(export(*(span(at, trace=f"{at:032x}", at=at) for at in range(2, 1010)))), BOB)
    assert len(traces.records(session_id=BOB.session_id, limit=5000)) == cleaning.UNCALLED_MAX
    assert len(traces.records(session_id=ANN.session_id)) == 1
    traces.store.close()


def test_lists_are_of_a_runtime_an_endpoint_a_session_a_time(traces: Traces) -> None:
    traces.call(1, ANN)
    elsewhere = TracedSession(ARN.replace("bot", "other"), "prod", ANN.session_id)
    traces.call(2, elsewhere, trace=OTHER, at=50)
    assert [record.trace_id for record in traces.records()] == [OTHER, TRACE]
    for query in ({"runtime_arn": ARN}, {"endpoint": "DEFAULT"}, {"limit": 1, "runtime_arn": ARN}):
        assert [record.trace_id for record in traces.records(**query)] == [TRACE]
    assert [record.trace_id for record in traces.records(since=BEGAN / SECOND + 10)] == [OTHER]
    assert traces.records(after=traces.records()[0].number) == []


def test_a_trace_that_is_not_there_is_not_found(traces: Traces) -> None:
    answered = traces.ask("show", query=TraceQuery(trace_id=TRACE))
    assert answered.status == 404


def test_log_records_that_tell_of_a_span_are_kept_with_it(traces: Traces) -> None:
    told = {"traceId": TRACE, "spanId": f"{1:016x}", "eventName": "strands", "body": {"stringValue": "{}"}}
    line = {"traceId": TRACE, "spanId": f"{1:016x}", "body": {"stringValue": "a line of the log"}}
    nowhere = {"eventName": "strands", "body": {"stringValue": "{}"}}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [told, line, nowhere]}]}]}
    traces.export(as_json(BOTH))
    answered = traces.ask("logs", body=json.dumps(logs).encode(), session=ANN, content_type=bodies.JSON)
    assert (answered.status, answered.body) == (200, b"0")
    shown = traces.ask("show", query=TraceQuery(trace_id=TRACE))
    assert len(msgspec.json.decode(shown.body, type=WholeTrace).records) == 1


def test_calls_of_the_time_before_are_taken_over_from_the_spool(traces: Traces, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "traces.db")
    for number, trace in ((1, TRACE), (2, OTHER)):
        call = TracedCall(ANN, [msgspec.convert(span(number, "call", trace=trace), Span)])
        assert not spool.write(msgspec.msgpack.encode(call))
    spool.write(b"\xc1 of another version")
    with (tmp_path / "traces.calls").open("ab") as file:
        file.write(b"\0\0\xff\xffcut off")
    spool.hand_over(lambda calls: traces.worker.take(calls, NOW))
    assert {record.trace_id for record in traces.records()} == {TRACE, OTHER}
    assert not (tmp_path / "traces.calls").exists()
    spool.hand_over(lambda calls: pytest.fail("there are none"))
