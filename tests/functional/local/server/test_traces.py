"""Traces of real sessions: what a session exports, what the proxy sees of a call, and that nothing else gets there."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.errors import NotFoundError
from agentcore_cli.formats import otlp
from agentcore_cli.formats.otlp import Span, WholeTrace
from agentcore_cli.local.home import Home
from agentcore_cli.local.traces.intake import PROGRAM
from tests.exported import TRACE, as_json, as_protobuf, export, span
from tests.local_runtime import RunningServer, eventually, invocations, new_session, processes_of

AGENT = Path(__file__).parents[3] / "agents" / "traces_itself.py"
JSON, PROTOBUF = {"content-type": "application/json"}, {"content-type": "application/x-protobuf"}
CHAT = {"spanId": "00000000000000c1", "name": "chat", "attributes": []}


@pytest.fixture(scope="module")
def arn(server: RunningServer) -> str:
    return server.deploy(AGENT, name="traces")


def invoke(server: RunningServer, arn: str, session: str, asked: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = server.invoke(arn, json.dumps(asked).encode(), session, **headers)
    assert answer.status == 200, answer.body
    told: dict[str, Any] = answer.json()
    return told


def post(server: RunningServer, arn: str, session: str, *posts: tuple[str, dict[str, str], bytes]) -> list[Any]:
    asked = {"post": [[path, headers, body.decode("latin-1")] for path, headers, body in posts]}
    heard: list[Any] = invoke(server, arn, session, asked)["heard"]
    return heard


def spans_of(whole: WholeTrace) -> dict[str, Span]:
    groups = [group for resource in whole.trace.resource_spans for group in resource.scope_spans]
    return {each.name.partition(" ")[0]: each for group in groups for each in group.spans}


def test_a_call_is_a_trace_without_any_instrumentation(server: RunningServer, arn: str) -> None:
    session = new_session()
    told = invoke(server, arn, session, {})
    trace_id = told["traceparent"].split("-")[1]
    invoke(server, arn, session, {})
    first, second = sorted(server.local.traces(session_id=session).traces, key=lambda trace: trace.number)
    assert (first.trace_id, first.runtime_arn, first.endpoint) == (trace_id, arn, "DEFAULT")
    spans = spans_of(server.local.trace(trace_id=trace_id))
    assert set(spans) == {"InvokeAgentRuntime", "start", "wait", "answer"}
    whole = spans["InvokeAgentRuntime"]
    assert told["traceparent"] == f"00-{trace_id}-{whole.span_id}-01"
    assert {spans[name].parent_span_id for name in ("start", "wait", "answer")} == {whole.span_id}
    assert whole.start <= spans["start"].start <= spans["wait"].start <= spans["answer"].end <= whole.end
    attributes = otlp.plain_attributes(whole.attributes)
    assert (attributes["session.id"], attributes["aws.resource.arn"]) == (session, arn)
    assert set(spans_of(server.local.trace(trace_id=second.trace_id))) == {"InvokeAgentRuntime", "wait", "answer"}


def test_what_the_agent_exports_is_part_of_the_call_s_trace(server: RunningServer, arn: str) -> None:
    session = new_session()
    told = invoke(server, arn, session, {"spans": [CHAT]}, traceparent=f"00-{TRACE}-00000000000000aa-01")
    assert told["heard"] == [[200, "{}"]]
    spans = spans_of(server.local.trace(trace_id=TRACE, session_id=session))
    assert spans["chat"].parent_span_id == spans["InvokeAgentRuntime"].span_id
    assert spans["InvokeAgentRuntime"].parent_span_id == "00000000000000aa"
    assert otlp.plain_attributes(spans["chat"].attributes) == {"session.id": session}


def test_a_call_that_fails_says_why(server: RunningServer, answers: str) -> None:
    session = new_session()
    assert server.invoke(answers, b'{"do": "fail"}', session).status == 424
    (trace,) = server.local.traces(session_id=session).traces
    status = spans_of(server.local.trace(trace_id=trace.trace_id))["InvokeAgentRuntime"].status
    assert trace.errors == 1
    assert status is not None
    assert "Received error (500) from runtime" in status.message


def test_a_caller_that_wants_no_trace_leaves_none(server: RunningServer, arn: str) -> None:
    session = new_session()
    told = invoke(server, arn, session, {}, traceparent=f"00-{TRACE}-00000000000000aa-00")
    assert told["traceparent"].endswith("-00")
    assert server.local.traces(session_id=session).traces == ()


def test_both_encodings_packed_or_not_and_what_nobody_keeps(server: RunningServer, arn: str) -> None:
    session, exported = new_session(), export(span(1))
    packed = {"content-encoding": "gzip"}
    heard = post(
        server,
        arn,
        session,
        ("/v1/traces", JSON, as_json(exported)),
        ("/v1/traces", PROTOBUF | packed, gzip.compress(as_protobuf(exported))),
        ("/v1/logs", JSON, b'{"resourceLogs": []}'),
        ("/v1/metrics", PROTOBUF, b"whatever it is"),
        ("/v1/traces", {"content-type": "text/plain"}, b""),
        ("/v1/traces", JSON | {"content-encoding": "br"}, b""),
        ("/v1/profiles", JSON, b"{}"),
    )
    assert [status for status, _ in heard] == [200, 200, 200, 200, 415, 415, 404]
    assert heard[0][1] == "{}"
    assert heard[1][1] == ""


def test_what_is_wrong_with_an_export_is_told_where_that_is_soon_known(server: RunningServer, arn: str) -> None:
    """A machine that is busy takes it first and counts it later."""
    session = new_session()

    def heard(headers: dict[str, str], body: bytes) -> tuple[int, str]:
        (answer,) = post(server, arn, session, ("/v1/traces", headers, body))
        return answer[0], answer[1]

    eventually(lambda: heard(JSON, b"{")[0] == 400, "it is no JSON")
    assert server.local.traces(session_id=session).lost["exports that could not be kept"] >= 1
    half = as_protobuf(export(span(1), span(2) | {"traceId": "00" * 16}))
    status, told = eventually(lambda: (answer := heard(PROTOBUF, half))[1] and answer, "one of two is dropped")
    assert status == 200
    assert "above the limits" in told


def test_a_session_reads_no_trace_and_lists_none(server: RunningServer, arn: str) -> None:
    paths = ["/_local/traces", f"/_local/trace?trace_id={TRACE}", "/otlp/v1/traces", "/otlp"]
    heard = invoke(server, arn, new_session(), {"ask": paths})["heard"]
    assert [status for status, _ in heard] == [403, 403, 404, 404]


def test_an_ended_session_s_address_takes_nothing(server: RunningServer, arn: str) -> None:
    session = new_session()
    endpoint = invoke(server, arn, session, {})["telemetry"]["OTEL_EXPORTER_OTLP_ENDPOINT"]
    path = endpoint.partition(str(server.info.port))[2] + "/v1/traces"
    assert server.ask("POST", path, as_json(export(span(1))), JSON).status == 200
    stop = invocations(arn).replace("/invocations", "/stopruntimesession")
    assert server.ask("POST", stop, b"{}", server.headers(session)).status == 200
    assert server.ask("POST", path, as_json(export(span(1))), JSON).status == 403


def test_nobody_without_the_server_s_key_reads_any(server: RunningServer) -> None:
    assert server.ask("GET", "/_local/traces", headers={"Accept": "*/*"}).status == 403
    with pytest.raises(NotFoundError):
        server.local.trace(trace_id="f" * 32)


def test_what_a_session_is_told_of_where_to_export(server: RunningServer, arn: str) -> None:
    told = invoke(server, arn, new_session(), {})["telemetry"]
    endpoint = told["OTEL_EXPORTER_OTLP_ENDPOINT"]
    assert endpoint.startswith(f"{server.info.url}/_session/")
    assert told["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == f"{endpoint}/v1/traces"
    assert (told["OTEL_EXPORTER_OTLP_PROTOCOL"], told["OTEL_TRACES_EXPORTER"]) == ("http/protobuf", "otlp")
    assert "service.name=traces.DEFAULT" in told["OTEL_RESOURCE_ATTRIBUTES"]


def test_an_agent_with_a_collector_of_its_own_keeps_it(server: RunningServer) -> None:
    own = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9/"}
    arn = server.deploy(AGENT, name="own_collector", environmentVariables=own)
    told = invoke(server, arn, new_session(), {})["telemetry"]
    assert {name: value for name, value in told.items() if "EXPORTER" in name} == own


def test_no_process_keeps_traces_before_one_is_exported_or_read(home: Home) -> None:
    server = RunningServer(home.create())
    try:
        arn, session = server.deploy(AGENT), new_session()

        def keepers() -> list[int]:
            return [pid for pid, command in processes_of(home.root).items() if PROGRAM in command.split()]

        invoke(server, arn, session, {})
        assert keepers() == []
        server.local.shutdown()
        eventually(lambda: not home.server_file.exists(), "it ends")
    finally:
        server.close()
    again = RunningServer(home)
    try:
        (trace,) = again.local.traces().traces
        assert (trace.session_id, trace.spans) == (session, 4)
    finally:
        again.close()


def test_a_damaged_database_is_told_and_calls_go_on(home: Home) -> None:
    home.create().traces.write_text("no database " * 100)
    server = RunningServer(home)
    try:
        arn = server.deploy(AGENT)
        for _ in range(2):  # the second is answered by a process that has refused already, or not yet
            assert invoke(server, arn, new_session(), {"spans": [CHAT]})["heard"][0][0] in (200, 500)
        with pytest.raises(Exception, match="not a database"):
            server.local.traces()
    finally:
        server.close()
