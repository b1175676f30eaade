from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentcore_cli.formats.sse import ServerSentEvent, SseParser


def _events(stream: bytes, cuts: list[int]) -> list[ServerSentEvent]:
    parser = SseParser()
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += parser.feed(stream[start:end])
    return found


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(b"data: a\n\n", ["a"], id="plain"),
        pytest.param(b"data:a\n\ndata:  b\n\n", ["a", " b"], id="one-space-is-dropped"),
        pytest.param(b"data: a\ndata: b\n\n", ["a\nb"], id="multi-line"),
        pytest.param(b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"], id="all-line-ends"),
        pytest.param(b": comment\n\ndata: a\n\n", ["a"], id="comment"),
        pytest.param(b"\xef\xbb\xbfdata: a\n\n", ["a"], id="byte-order-mark"),
        pytest.param(b"data\n\n", [""], id="field-without-colon"),
        pytest.param(b"retry: 3\nfoo: bar\ndata: a\n\n", ["a"], id="other-fields"),
        pytest.param("data: größer 会話\n\n".encode(), ["größer 会話"], id="beyond-ascii"),
        pytest.param(b"data: a\n\ndata: unfinished", ["a"], id="unfinished-event-is-dropped"),
        pytest.param(b"data: a\r\n\ndata: b\n\n", ["a", "b"], id="mixed-line-ends"),
    ],
)
def test_events_are_the_same_wherever_the_stream_is_cut(stream: bytes, expected: list[str]) -> None:
    assert [event.data for event in _events(stream, [])] == expected
    assert [event.data for event in _events(stream, list(range(1, len(stream))))] == expected
    chance = random.Random(7)
    for _ in range(50):
        cuts = sorted(chance.sample(range(1, len(stream)), chance.randint(0, min(6, len(stream) - 1))))
        assert [event.data for event in _events(stream, cuts)] == expected


def test_an_event_has_its_type_and_the_last_id() -> None:
    events = _events(b"event: tool\nid: 7\ndata: a\n\ndata: b\n\n", [])
    assert events == [ServerSentEvent("a", "tool", "7"), ServerSentEvent("b", "message", "7")]


FIELDS = st.sampled_from(["data", "event", "id", "retry", "", "other", "dat", " data", "\ufeffdata"])
VALUES = st.text(st.sampled_from("ab: é会\U0001f600\x00\x1b7\u2028\x85\x0b"), max_size=6)
LINES = st.one_of(
    st.just(""),
    st.builds(lambda field, colon, value: field + colon + value, FIELDS, st.sampled_from([":", ": ", ""]), VALUES),
)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r\n", "\r"])), max_size=12)


def by_the_standard(text: str) -> list[ServerSentEvent]:
    """The same, of a whole stream, as slowly and plainly as the standard says it."""
    found, data, event, last, retry = [], [], "", None, None
    for line in text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")[:-1]:
        field, _, value = line.partition(":")
        value = value[1:] if value[:1] == " " else value
        if line == "":
            if data:
                found.append(ServerSentEvent("\n".join(data), event or "message", last, retry))
            data, event = [], ""
        elif field == "data":
            data.append(value)
        elif field == "event":
            event = value
        elif field == "id" and "\x00" not in value:
            last = value
        elif field == "retry" and value and set(value) <= set("0123456789"):
            retry = int(value)
    return found


@given(lines=STREAMS, bom=st.booleans(), cuts=st.lists(st.integers(0, 400), max_size=8))
def test_any_stream_in_any_pieces_is_read_by_the_standard(
    lines: list[tuple[str, str]], bom: bool, cuts: list[int]
) -> None:
    text = ("\ufeff" if bom else "") + "".join(line + end for line, end in lines)
    stream = text.encode()
    assert _events(stream, sorted(cut for cut in cuts if cut <= len(stream))) == by_the_standard(text)


@given(noise=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_noise_gives_the_same_events_in_any_pieces(noise: bytes, cuts: list[int]) -> None:
    stream = b"data: a\n" + noise
    assert _events(stream, sorted(cut for cut in cuts if cut <= len(stream))) == _events(stream, [])


def test_a_long_line_in_many_pieces_is_read_in_one_go() -> None:
    parser = SseParser()
    parser.feed(b"data: ")
    for _ in range(20_000):
        assert parser.feed(b"x" * 1000) == []
    (event,) = parser.feed(b"\n\n")
    assert len(event.data) == 20_000_000


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            '{"error": "no", "error_type": "ValueError", "message": "An error occurred during streaming"}',
            "the agent failed midway: ValueError: no",
        ),
        ('{"type": "RUN_ERROR", "code": "AGENT_ERROR", "message": "broken"}', "the agent failed: broken"),
        ('{"message": "An error occurred during streaming"}', None),
        ('"RUN_ERROR"', None),
        ("RUN_ERROR", None),
        ('{"type": "RUN_FINISHED"}', None),
        (
            '{"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "Invalid params", "data": ""}}',
            "the agent answers with an error: Invalid params (JSON-RPC -32602)",
        ),
        (
            '{"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "no", "data": {"n": 1}}}',
            'the agent answers with an error: no (JSON-RPC -1): {"n": 1}',
        ),
        ('{"jsonrpc": "2.0", "id": 1, "result": {"error": {"code": 1}}}', None),
        ('{"error": {"code": 1, "message": "a plain answer of HTTP"}}', None),
    ],
)
def test_an_event_may_say_that_the_agent_failed(data: str, message: str | None) -> None:
    fault = ServerSentEvent(data).fault()
    assert (fault.message if fault else None) == message


@pytest.mark.parametrize(
    ("text", "is_python"),
    [
        ("{'result': {'redacted': b'rsn_abc'}}", True),
        ("{'agent': <__main__.Span object at 0x7f12>, 'at': datetime.datetime(2026, 1, 2)}", True),
        ("[1, None]", True),
        ("(1, 'a')", True),
        ("<__main__.Span object at 0x7f12ab>", True),
        ("{1: Decimal('1.5')}", True),
        ('{"a": 1}', False),
        ("[1, 2]", False),
        ("plain text, with 'quotes' and {braces}", False),
        ("<p>markup</p>", False),
        ("[a list] of words: None of it is Python", False),
        ("", False),
        ("{", False),
    ],
)
def test_what_python_writes_is_told_from_what_json_writes(text: str, is_python: bool) -> None:
    for data in (text, json.dumps(text)):
        event = ServerSentEvent(data)
        assert event.is_python_text is (is_python and isinstance(event.value, str))
