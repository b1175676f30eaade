from __future__ import annotations

import random

import pytest

from agentcore_cli.operations.sse import ServerSentEvent, SseParser


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
