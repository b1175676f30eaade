"""What is read of a span in each form that agents' libraries write."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from agentcore_cli.formats.genai import SpanFacts, SpanMessage, facts
from agentcore_cli.formats.otlp import LogRecord, Span, any_value
from tests.exported import event, span

ASKED = [{"role": "user", "parts": [{"type": "text", "content": "Where is order 1042?"}]}]
ANSWERED = [{"role": "assistant", "parts": [{"type": "text", "content": "It is on its way."}], "finish_reason": "stop"}]
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude"}
SAID = (
    SpanMessage("user", "Where is order 1042?", False),
    SpanMessage("assistant", "It is on its way.", True),
)


def read(attributes: dict[str, Any], *events: dict[str, Any], records: list[LogRecord] | None = None) -> SpanFacts:
    told = {name.replace(".", "__"): value for name, value in attributes.items()}
    return facts(msgspec.convert(span(1, events=events, **told), Span, strict=False), records or ())


MODELS = {
    "newer, attributes": (
        {
            **CHAT,
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.input.messages": json.dumps(ASKED),
            "gen_ai.output.messages": json.dumps(ANSWERED),
        },
        (),
    ),
    "newer, an event": (
        {**CHAT, "gen_ai.usage.input_tokens": 12, "gen_ai.usage.output_tokens": 5},
        (
            event("gen_ai.client.inference.operation.details", gen_ai__input__messages=json.dumps(ASKED)),
            event("gen_ai.client.inference.operation.details", gen_ai__output__messages=json.dumps(ANSWERED)),
        ),
    ),
    "older, events": (
        {**CHAT, "gen_ai.usage.prompt_tokens": 12, "gen_ai.usage.completion_tokens": 5},
        (
            event("gen_ai.user.message", content=json.dumps([{"text": "Where is order 1042?"}])),
            event("gen_ai.choice", message=json.dumps([{"text": "It is on its way."}]), finish_reason="stop"),
        ),
    ),
    "OpenInference": (
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": "claude",
            "llm.token_count.prompt": 12,
            "llm.token_count.completion": 5,
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "Where is order 1042?",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "It is on its way.",
        },
        (),
    ),
    "OpenLLMetry": (
        {
            "llm.request.type": "chat",
            "gen_ai.request.model": "claude",
            "gen_ai.usage.prompt_tokens": 12,
            "gen_ai.usage.completion_tokens": 5,
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Where is order 1042?",
            "gen_ai.completion.0.content": "It is on its way.",
        },
        (),
    ),
}


@pytest.mark.parametrize("form", MODELS)
def test_a_call_of_a_model(form: str) -> None:
    attributes, events = MODELS[form]
    known = read(attributes, *events)
    assert (known.work, known.model, known.input_tokens, known.output_tokens) == ("model", "claude", 12, 5)
    assert known.messages == SAID


@pytest.mark.parametrize(
    "content", ["Where is order 1042?", {"content": '[{"text": "Where is order 1042?"}]'}], ids=["text", "an event's"]
)
def test_a_call_of_a_model_whose_messages_aws_s_distro_made_log_records(content: Any) -> None:
    body = {
        "input": {"messages": [{"role": "user", "content": content}]},
        "output": {"messages": [{"role": "assistant", "content": {"message": '[{"text": "It is on its way."}]'}}]},
    }
    assert read(CHAT, records=[LogRecord(event_name="strands", body=any_value(body))]).messages == SAID
    assert read(CHAT, records=[LogRecord(event_name="strands", body=any_value(json.dumps(body)))]).messages == SAID


def test_a_call_of_a_model_whose_events_are_log_records() -> None:
    records = [
        LogRecord(event_name="gen_ai.user.message", body=any_value({"content": "Where is order 1042?"})),
        LogRecord(event_name="gen_ai.choice", body=any_value({"message": {"content": "It is on its way."}})),
    ]
    assert read(CHAT, records=records).messages == SAID


TOOLS = {
    "newer": (
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "order",
            "gen_ai.tool.call.arguments": '{"id": 7}',
            "gen_ai.tool.call.result": "sent",
        },
        (),
    ),
    "older, events": (
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "order"},
        (
            event("gen_ai.tool.message", role="tool", content='{"id": 7}', id="call-1"),
            event("gen_ai.choice", message='[{"text": "sent"}]', id="call-1"),
        ),
    ),
    "OpenInference": (
        {"openinference.span.kind": "TOOL", "tool.name": "order", "input.value": '{"id": 7}', "output.value": "sent"},
        (),
    ),
    "OpenLLMetry": (
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "order",
            "traceloop.entity.input": '{"id": 7}',
            "traceloop.entity.output": "sent",
        },
        (),
    ),
}


@pytest.mark.parametrize("form", TOOLS)
def test_a_call_of_a_tool(form: str) -> None:
    attributes, events = TOOLS[form]
    known = read(attributes, *events)
    assert (known.work, known.name, known.arguments, known.result) == ("tool", "order", '{"id": 7}', "sent")


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"toolUse": {"name": "order", "input": {"id": 7}}}, 'order({"id": 7})'),
        ({"type": "tool_call", "name": "order", "arguments": {"id": 7}}, 'order({"id": 7})'),
        ({"toolResult": {"content": [{"text": "sent"}]}}, "sent"),
        ({"type": "tool_call_response", "response": "sent"}, "sent"),
        ({"image": "…"}, '{"image": "…"}'),
        ({"role": "a", "content": [{"text": "sent"}]}, "sent"),
        (
            {"content": "I look.", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {}}}]},
            "I look.\nf({})",
        ),
    ],
)
def test_parts_of_messages(part: dict[str, Any], text: str) -> None:
    assert (
        read({**CHAT, "gen_ai.output.messages": json.dumps([{"role": "a", "parts": [part]}])}).messages[0].text == text
    )


LANGCHAIN = {
    "openinference.span.kind": "LLM",
    "input.value": '{"messages": [[{"lc": 1}]]}',
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.contents.0.message_content.type": "text",
    "llm.input_messages.0.message.contents.0.message_content.text": "Where is it?",
    "llm.input_messages.1.message.role": "assistant",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "order",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": '{"id": 7}',
    "llm.input_messages.2.message.role": "tool",
    "llm.input_messages.2.message.content": "sent",
    "output.value": "It was sent.",
}


def test_messages_by_number_are_said_once_and_whole() -> None:
    """A message that calls tools has no content; what stands in `input.value` is the same as LangChain has it."""
    assert read(LANGCHAIN).messages == (
        SpanMessage("user", "Where is it?", False),
        SpanMessage("assistant", 'order({"id": 7})', False),
        SpanMessage("tool", "sent", False),
        SpanMessage("assistant", "It was sent.", True),
    )
    openllmetry = {**CHAT, "gen_ai.completion.0.tool_calls.0.name": "order", "gen_ai.completion.0.role": "assistant"}
    assert read(openllmetry).messages == (SpanMessage("assistant", "order()", True),)


@pytest.mark.parametrize(
    ("output", "result"),
    [
        ('{"type": "tool", "data": {"content": "sent", "tool_call_id": "1"}}', "sent"),
        ('{"lc": 1, "kwargs": {"content": [{"text": "sent"}], "tool_call_id": "1"}}', "sent"),
        ('{"data": {"content": "sent"}}', '{"data": {"content": "sent"}}'),
    ],
    ids=["its own form", "as LangSmith has it", "of the tool itself"],
)
def test_a_tool_s_result_is_the_content_of_langchain_s_message(output: str, result: str) -> None:
    assert read({"openinference.span.kind": "TOOL", "output.value": output}).result == result


def test_an_agent_and_anything_else() -> None:
    agent = read({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "bot"})
    assert (agent.work, agent.name) == ("agent", "bot")
    assert read({"http.method": "GET"}).work == "other"


def test_errors() -> None:
    told = event("exception", exception__type="ValueError", exception__message="no such order")
    failed = msgspec.convert(span(1, events=(told,), failed="it broke"), Span, strict=False)
    assert facts(failed).error == "ValueError: no such order"
    failed.events = []
    assert facts(failed).error == "it broke"
    assert read({}, told).error == ""  # it was caught


@pytest.mark.parametrize(
    "attributes",
    [
        {"gen_ai.input.messages": "[" * 100_000},
        {"gen_ai.input.messages": '["text", 7, null, {"parts": 7}, {"content": {"message": []}}]'},
        {"gen_ai.usage.input_tokens": "many", "gen_ai.usage.output_tokens": -5},
        {"gen_ai.operation.name": 7, "gen_ai.request.model": 7, "gen_ai.tool.name": ["a"]},
        {"gen_ai.system_instructions": "{", "gen_ai.output.messages": "{}"},
    ],
)
def test_what_nobody_would_write_is_read_without_a_word(attributes: dict[str, Any]) -> None:
    known = read(attributes, event("gen_ai.choice"), event("gen_ai.user.message", content="{"))
    assert (known.input_tokens, known.output_tokens) == (0, 0)
