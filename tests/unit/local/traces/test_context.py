"""Which trace a call goes on with, and what its agent is told."""

from __future__ import annotations

import re

import pytest

from agentcore_cli.local.traces.context import TraceContext

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
W3C = f"00-{TRACE}-{PARENT}-01".encode()
XRAY = f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={PARENT};Sampled=1".encode()


@pytest.mark.parametrize(
    "headers",
    [[(b"traceparent", W3C)], [(b"x-amzn-trace-id", XRAY)], [(b"traceparent", W3C), (b"x-amzn-trace-id", b"Root=1")]],
)
def test_a_caller_s_trace_goes_on_with_the_call_between(headers: list[tuple[bytes, bytes]]) -> None:
    context = TraceContext.of(headers)
    assert (context.trace_id, context.parent_id, context.sampled) == (TRACE, PARENT, True)
    told = dict(context.passed_on([*headers, (b"accept", b"text/plain")]))
    assert told == {
        b"accept": b"text/plain",
        b"traceparent": f"00-{TRACE}-{context.span_id}-01".encode(),
        b"x-amzn-trace-id": f"Root=1-{TRACE[:8]}-{TRACE[8:]};Parent={context.span_id};Sampled=1".encode(),
    }


def test_a_call_without_one_begins_one() -> None:
    context, another = TraceContext.of([]), TraceContext.of([])
    assert re.fullmatch("[0-9a-f]{32}", context.trace_id)
    assert context.parent_id == ""
    assert context.trace_id != another.trace_id
    assert dict(context.passed_on([])).keys() == {b"traceparent", b"x-amzn-trace-id"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"traceparent", f"00-{TRACE}-{PARENT}-00".encode()),
        (b"x-amzn-trace-id", XRAY.replace(b"Sampled=1", b"Sampled=0")),
    ],
)
def test_who_does_not_want_a_trace_has_none(name: bytes, value: bytes) -> None:
    context = TraceContext.of([(name, value)])
    assert not context.sampled
    told = dict(context.passed_on([]))
    assert told[b"traceparent"].endswith(b"-00")
    assert told[b"x-amzn-trace-id"].endswith(b"Sampled=0")


@pytest.mark.parametrize(
    "headers",
    [
        [(b"traceparent", b"00-1-2-01")],
        [(b"traceparent", b"00-" + b"0" * 32 + b"-" + PARENT.encode() + b"-01")],
        [(b"x-amzn-trace-id", b"Root=1")],
        [(b"x-amzn-trace-id", b"Self=1-2")],
        [(b"traceparent", b"no"), (b"x-amzn-trace-id", XRAY)],
    ],
)
def test_what_is_no_trace_goes_through_as_it_came(headers: list[tuple[bytes, bytes]]) -> None:
    context = TraceContext.of(headers)
    assert context.passed_on(headers) == headers
    assert context.trace_id != TRACE
