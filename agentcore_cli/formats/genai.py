"""What a span says of a model's, a tool's or an agent's work: model, tokens, messages, arguments, results.

Read are OpenTelemetry's semantic conventions for generative AI in their older form (an event for each message, tokens
as `prompt_tokens`) and their newer one (`gen_ai.input.messages` as an attribute, or on the event
`gen_ai.client.inference.operation.details`), the log records that AWS's distro makes of both
(`{"input": {"messages"}}`), OpenInference's attributes (LangChain, LlamaIndex), and OpenLLMetry's
(`gen_ai.prompt.0.content`, `traceloop.*`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from agentcore_cli.documents import value_or_text
from agentcore_cli.formats.otlp import LogRecord, Span, plain, plain_attributes

Work = Literal["model", "tool", "agent", "other"]
Attributes = Mapping[str, Any]

_OPERATIONS: Final[Mapping[str, Work]] = {
    "chat": "model",
    "text_completion": "model",
    "generate_content": "model",
    "embeddings": "model",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "LLM": "model",
    "EMBEDDING": "model",
    "TOOL": "tool",
    "AGENT": "agent",
    "tool": "tool",
    "agent": "agent",
    "completion": "model",
}
_SAYS_WORK: Final = ("gen_ai.operation.name", "openinference.span.kind", "traceloop.span.kind", "llm.request.type")
_MODEL: Final = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "embedding.model_name")
_TOKENS_IN: Final = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
_TOKENS_OUT: Final = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion")
_TOOL: Final = ("gen_ai.tool.name", "tool.name", "traceloop.entity.name")
_AGENT: Final = ("gen_ai.agent.name", "agent.name", "traceloop.entity.name")
_INPUT: Final = ("input.value", "traceloop.entity.input")
_OUTPUT: Final = ("output.value", "traceloop.entity.output")
_EVENT_ROLES: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
}
_INDEXED: Final = (  # what stands before a message's number, and behind it; who says it
    ("gen_ai.prompt.", ".", "user"),
    ("llm.input_messages.", ".message.", "user"),
    ("gen_ai.completion.", ".", "assistant"),
    ("llm.output_messages.", ".message.", "assistant"),
)
_CALLS: Final = ("tool_call.function.", "")  # before the name and the arguments of a message's call of a tool
INDEX_MAX: Final = 200  # messages, and calls of one, that are looked for by number


class SpanMessage(Struct, frozen=True):
    """Something that was said to a model (`is_answer` False) or that it answered."""

    role: str
    text: str
    is_answer: bool


class SpanFacts(Struct, frozen=True):
    """What `work` the span is, and what is known of it; texts are JSON where the values were no text."""

    work: Work
    name: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    arguments: str = ""
    result: str = ""
    messages: tuple[SpanMessage, ...] = ()
    error: str = ""


def summary(attributes: Attributes) -> SpanFacts:
    """Without what was said: from the attributes alone."""
    work = work_of(attributes)
    return SpanFacts(
        work,
        name=_text(_first(attributes, _TOOL if work == "tool" else _AGENT)),
        model=_text(_first(attributes, _MODEL)),
        input_tokens=_count(_first(attributes, _TOKENS_IN)),
        output_tokens=_count(_first(attributes, _TOKENS_OUT)),
    )


def work_of(attributes: Attributes) -> Work:
    for name in _SAYS_WORK:
        if isinstance(said := attributes.get(name), str) and said in _OPERATIONS:
            return _OPERATIONS[said]
    if "gen_ai.tool.name" in attributes:
        return "tool"
    return "model" if "gen_ai.request.model" in attributes else "other"


def facts(span: Span, records: Iterable[LogRecord] = ()) -> SpanFacts:
    """All that the span says, with the log records that were written in it."""
    attributes = plain_attributes(span.attributes)
    short = summary(attributes)
    messages = tuple(_messages(attributes, span, records))
    arguments, result = _call(attributes, messages) if short.work == "tool" else ("", "")
    said = () if short.work == "tool" else messages
    return replace(short, arguments=arguments, result=result, messages=said, error=_error(attributes, span))


def _call(attributes: Attributes, messages: tuple[SpanMessage, ...]) -> tuple[str, str]:
    """Arguments and result of a tool."""
    arguments = _text(_first(attributes, ("gen_ai.tool.call.arguments", "tool.parameters", *_INPUT)))
    result = _said_by_langchain(_first(attributes, ("gen_ai.tool.call.result", *_OUTPUT)))
    said = next((each.text for each in messages if not each.is_answer), "")
    answered = next((each.text for each in messages if each.is_answer), "")
    return arguments or said, result or answered


def _messages(attributes: Attributes, span: Span, records: Iterable[LogRecord]) -> Iterator[SpanMessage]:
    if (system := attributes.get("gen_ai.system_instructions")) is not None:
        yield SpanMessage("system", _parts(_parsed(system)), False)
    yield from _newer(attributes)
    numbered = [*_indexed(attributes)]
    yield from numbered
    for event in span.events:
        yield from _of_event(event.name, plain_attributes(event.attributes))
    for record in records:
        named = plain_attributes(record.attributes)
        yield from _of_record(record.event_name or str(named.get("event.name", "")), plain(record.body), named)
    if work_of(attributes) != "tool":
        for names, role in ((_INPUT, "user"), (_OUTPUT, "assistant")):
            is_answer = role == "assistant"
            if any(each.is_answer == is_answer for each in numbered):
                continue  # the same once more, as the library has it in memory
            if (value := _first(attributes, names)) is not None:
                yield SpanMessage(role, _text(value), is_answer)


def _newer(attributes: Attributes) -> Iterator[SpanMessage]:
    for name, is_answer in (("gen_ai.input.messages", False), ("gen_ai.output.messages", True)):
        yield from _each(_parsed(attributes.get(name)), is_answer=is_answer)


def _indexed(attributes: Attributes) -> Iterator[SpanMessage]:
    for before, behind, usual in _INDEXED:
        for number in range(INDEX_MAX):
            message = f"{before}{number}{behind}"
            said = [_text(attributes.get(f"{message}content")), *_contents(attributes, message)]
            text = "\n".join(filter(None, [*said, *_calls(attributes, message)]))
            told = attributes.get(f"{message}role")
            if not text and told is None:
                break
            yield SpanMessage(_text(told) or usual, text, usual == "assistant")


def _contents(attributes: Attributes, message: str) -> Iterator[str]:
    """The parts that OpenInference has of a message in several."""
    for number in range(INDEX_MAX):
        part = f"{message}contents.{number}.message_content."
        if f"{part}type" not in attributes and f"{part}text" not in attributes:
            return
        yield _text(attributes.get(f"{part}text"))


def _calls(attributes: Attributes, message: str) -> Iterator[str]:
    for number in range(INDEX_MAX):
        calls = [f"{message}tool_calls.{number}.{call}" for call in _CALLS]
        call = next((call for call in calls if f"{call}name" in attributes), None)
        if call is None:
            return
        yield f"{_text(attributes[f'{call}name'])}({_text(attributes.get(f'{call}arguments'))})"


def _of_event(name: str, attributes: Attributes) -> Iterator[SpanMessage]:
    yield from _newer(attributes)
    if name not in _EVENT_ROLES:
        return
    role, is_answer = _text(attributes.get("role")) or _EVENT_ROLES[name], name == "gen_ai.choice"
    said = attributes.get("message" if is_answer else "content")
    if said is None:  # in its first form a message was the event's whole content
        said = attributes.get("gen_ai.completion" if is_answer else "gen_ai.prompt")
    if (text := _parts(_parsed(said))) or said is not None:
        yield SpanMessage(role, text, is_answer)


def _of_record(name: str, body: Any, attributes: Attributes) -> Iterator[SpanMessage]:
    body = _parsed(body)
    if not isinstance(body, dict):
        yield from _newer(attributes)
        return
    if name in _EVENT_ROLES:
        yield from _of_event(name, body)
        return
    yield from _newer({**attributes, **body})
    for side, is_answer in (("input", False), ("output", True)):
        said = body.get(side)
        yield from _each(said.get("messages") if isinstance(said, dict) else None, is_answer=is_answer)


def _each(said: Any, *, is_answer: bool) -> Iterator[SpanMessage]:
    for message in said if isinstance(said, list) else ():
        yield _message(message, is_answer=is_answer)


def _message(said: Any, *, is_answer: bool) -> SpanMessage:
    usual = "assistant" if is_answer else "user"
    if not isinstance(said, dict):
        return SpanMessage(usual, _text(said), is_answer)
    content = _parsed(said.get("parts", said.get("content", said.get("message"))))
    if isinstance(content, dict):  # AWS's distro: the attributes of the event that it was
        content = _parsed(content.get("message", content.get("content", content)))
    return SpanMessage(_text(said.get("role")) or usual, _parts(content), is_answer)


def _parts(content: Any) -> str:
    """The text of a message's parts; what is none, as JSON."""
    if isinstance(content, list):
        return "\n".join(filter(None, map(_part, content)))
    return _part(content)


def _part(part: Any) -> str:
    if isinstance(part, dict):
        for name, call in (*((name, part.get(name)) for name in ("toolUse", "function")), ("tool_call", part)):
            if isinstance(call, dict) and (name in part or part.get("type") == name) and call.get("name"):
                return f"{call['name']}({_text(call.get('input', call.get('arguments')))})"
        if isinstance(calls := part.get("tool_calls"), list):
            said = part.get("content")
            return _parts([*(said if isinstance(said, list) else filter(None, [said])), *calls])
        if isinstance(part.get("content"), list):
            return _parts(part["content"])
        for name in ("toolResult", "response", "result"):
            if name in part:
                inner = part[name]
                return _parts(inner.get("content", inner) if isinstance(inner, dict) else inner)
        for name in ("text", "content"):
            if isinstance(part.get(name), str):
                return str(part[name])
    return _text(part)


def _said_by_langchain(value: Any) -> str:
    """The content of a message that LangChain has written down whole, as a tool's result; anything else as it is."""
    whole = _parsed(value)
    message = whole.get("data", whole.get("kwargs")) if isinstance(whole, dict) else None
    if isinstance(message, dict) and "content" in message and "tool_call_id" in message:
        return _parts(message["content"])
    return _text(value)


def _error(attributes: Attributes, span: Span) -> str:
    told = [plain_attributes(event.attributes) for event in span.events if event.name == "exception"]
    said = [": ".join(_text(each.get(f"exception.{name}")) for name in ("type", "message")) for each in told]
    if span.status is not None and span.has_failed:
        return said[-1] if said else span.status.message or _text(attributes.get("error.type")) or "failed"
    return ""


def _first(attributes: Attributes, names: Iterable[str]) -> Any:
    return next((attributes[name] for name in names if attributes.get(name) is not None), None)


def _count(value: Any) -> int:
    try:
        return max(0, int(value or 0))
    except (TypeError, ValueError, OverflowError):
        return 0


def _parsed(value: Any) -> Any:
    """JSON in a text, as what it holds; anything else as it is."""
    return value_or_text(value) if isinstance(value, str) and value[:1] in ("{", "[") else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
