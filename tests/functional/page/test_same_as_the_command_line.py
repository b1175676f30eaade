"""What the page finds in spans and in answers is what the commands find: two readers of the same forms."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from agentcore_cli.formats import genai
from agentcore_cli.formats.otlp import Span
from agentcore_cli.formats.speech import Speech, spoken
from agentcore_cli.formats.sse import ServerSentEvent, SseParser
from tests.exported import event, span
from tests.unit.formats.test_genai import MODELS, TOOLS

pytestmark = pytest.mark.long

FAILED = event("exception", exception__type="ValueError", exception__message="no such order")
PARTS = [
    {"toolUse": {"name": "order", "input": {"id": 7}}},
    {"type": "tool_call", "name": "order", "arguments": {"id": 7}},
    {"toolResult": {"content": [{"text": "sent"}]}},
    {"type": "tool_call_response", "response": "sent"},
    {"image": "…"},
]
SPANS = [
    *(({name.replace(".", "__"): value for name, value in told.items()}, events) for told, events in MODELS.values()),
    *(({name.replace(".", "__"): value for name, value in told.items()}, events) for told, events in TOOLS.values()),
    *(({"gen_ai__output__messages": json.dumps([{"role": "a", "parts": [part]}])}, ()) for part in PARTS),
    ({"gen_ai__operation__name": "invoke_agent", "gen_ai__agent__name": "bot"}, ()),
    ({"http__method": "GET"}, (FAILED,)),
    ({"gen_ai__input__messages": '["text", 7, null, {"parts": 7}, {"content": {"message": []}}]'}, ()),
    ({"gen_ai__usage__input_tokens": "many", "gen_ai__usage__output_tokens": -5}, (event("gen_ai.choice"),)),
    ({"gen_ai__system_instructions": "{", "gen_ai__output__messages": "{}"}, ()),
]
VALUES: list[Any] = [
    "plain",
    {"response": {"message": "m"}},
    {"role": "assistant", "content": [{"text": "a"}, {"text": "b"}]},
    {"calls": 1},
    [],
    None,
    {"jsonrpc": "2.0", "result": {"artifacts": [{"parts": [{"kind": "text", "text": "a"}]}]}},
]
STREAMS: list[list[Any]] = [
    ["a", "b"],
    [{"start": True}, {"data": "a"}, {"event": {"contentBlockDelta": {"delta": {"text": "a"}}}}, {"result": "a"}],
    [{"type": "RUN_STARTED"}, {"type": "TEXT_MESSAGE_CONTENT", "delta": "a"}, {"type": "RUN_FINISHED"}],
    [{"step": 1}, {"result": "whole"}, {"message": "more"}, {"text": "a piece"}, {"result": "late"}],
    [{"n": 1}],
    [{"n": 1}, {"n": 2}],
    [],
    [{"type": "token", "content": "a"}, {"type": "token", "content": "b"}],
]
BYTES = (
    b'data: "H\xc3\xa4"\r\n\r\n: note\r\rid: 7\nevent: hint\ndata: a\ndata:b\n\n'
    b"retry: 3\ndata\n\nid: \0\ndata: end\n\ndata: cut"
)


def same(text: object) -> Any:
    """JSON as it is, however it is spaced."""
    if isinstance(text, str):
        return text.replace(" ", "")
    if isinstance(text, dict):
        return {name: same(value) for name, value in text.items()}
    return [same(each) for each in text] if isinstance(text, list | tuple) else text


def asked(page: Page, module: str, script: str, value: Any) -> Any:
    return page.evaluate(f"async (value) => {{ const it = await import('/_page/js/{module}'); {script} }}", value)


def test_spans(page: Page) -> None:
    made = [span(number, events=events, **told) for number, (told, events) in enumerate(SPANS)]
    made.append(span(99, events=(FAILED,), failed="it broke"))
    made.append(span(100, failed="it broke"))
    found = asked(page, "genai.js", "return value.map((each) => it.factsOf(each))", made)
    for each, facts in zip(made, found, strict=True):
        known = msgspec.to_builtins(genai.facts(msgspec.convert(each, Span, strict=False)))
        assert same(facts) == same(known), each


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_words_of_an_answer(page: Page, value: Any) -> None:
    assert same(asked(page, "speech.js", "return it.spoken(value)", value)) == same(spoken(value))


def test_words_of_a_stream(page: Page) -> None:
    script = """
        return value.map((events) => {
            const speech = new it.Speech();
            return events.map((event) => speech.words(event)).join("") + speech.rest();
        });
    """
    known = []
    for stream in STREAMS:
        speech = Speech()
        known.append("".join(map(speech.words, stream)) + speech.rest())
    assert same(asked(page, "speech.js", script, STREAMS)) == same(known)


@pytest.mark.parametrize("size", [1, 3, len(BYTES)])
def test_server_sent_events(page: Page, size: int) -> None:
    parser = SseParser()
    events: list[ServerSentEvent] = [
        each for at in range(0, len(BYTES), size) for each in parser.feed(BYTES[at : at + size])
    ]
    script = """
        const parser = new it.SseParser();
        const found = [];
        for (let at = 0; at < value[0].length; at += value[1]) {
            found.push(...parser.feed(Uint8Array.from(value[0].slice(at, at + value[1]))));
        }
        return found;
    """
    assert asked(page, "streams.js", script, [list(BYTES), size]) == [
        {"data": each.data, "event": each.event, "id": each.id, "retry": each.retry} for each in events
    ]
