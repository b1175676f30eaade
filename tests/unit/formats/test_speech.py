from __future__ import annotations

import pytest

from agentcore_cli.formats.speech import Speech, spoken


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("plain", "plain"),
        ({"result": "r"}, "r"),
        ({"response": {"message": "m"}}, "m"),
        ({"role": "assistant", "content": [{"text": "a"}, {"text": "b"}]}, "ab"),
        ({"message": {"role": "assistant", "content": [{"text": "a"}]}}, "a"),
        ({"calls": 1}, '{\n  "calls": 1\n}'),
        ({"result": {"n": 1}}, '{\n  "result": {\n    "n": 1\n  }\n}'),
        ([], "[]"),
        (None, "null"),
        ({"jsonrpc": "2.0", "result": {"artifacts": [{"parts": [{"kind": "text", "text": "a"}]}]}}, "a"),
        ({"jsonrpc": "2.0", "result": {"kind": "message", "parts": [{"text": "a"}, {"text": "b"}]}}, "ab"),
        (3, "3"),
    ],
)
def test_the_words_of_an_answer(value: object, words: str) -> None:
    assert spoken(value) == words


def delta(text: str) -> dict[str, object]:
    return {"event": {"contentBlockDelta": {"delta": {"text": text}, "contentBlockIndex": 0}}}


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (["a", "b"], "ab"),
        ([{"start": True}, {"data": "a"}, delta("a"), {"data": "b"}, delta("b"), {"result": "ab"}], "ab"),
        ([{"init": 1}, delta("a"), {"data": "a"}, delta("b")], "ab"),
        ([{"type": "RUN_STARTED"}, {"type": "TEXT_MESSAGE_CONTENT", "delta": "a"}, {"type": "RUN_FINISHED"}], "a"),
        ([{"step": 1}, {"result": "whole"}], "whole"),
        ([{"n": 1}], '{\n  "n": 1\n}'),
        ([], ""),
        ([{"n": 1}, {"n": 2}], '{"n": 1}\n{"n": 2}'),
        ([{"text": "a"}, {"text": "b"}, {"result": "ab"}], "ab"),
        ([{"type": "token", "content": "a"}, {"type": "token", "content": "b"}], "ab"),
        ([{"message": "looking"}, {"step": 1}, {"result": "found"}], "looking\nfound"),
        ([{"message": "looking"}, {"data": "a"}, {"data": "b"}, {"result": "ab"}], "looking\nab"),
    ],
)
def test_the_words_of_a_stream(events: list[object], words: str) -> None:
    speech = Speech()
    assert "".join(speech.words(event) for event in events) + speech.rest() == words
