"""The model APIs that frameworks call besides Bedrock's, on loopback: OpenAI's two, Anthropic's and Gemini's.

A framework is sent here by the variable that its users have for an endpoint of their own. What is said comes from
`tests.fakes.model_script`; here stand the shapes, as the four public references have them, as far as frameworks send
and read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from tests.fakes.model_script import Message, Reply, ToolCall, Tools, reply
from tests.fakes.threaded import Handler, ThreadedServer

_numbers = count(1)
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Api:
    """How one API is spoken: `read` gives the conversation and the tools of a request, `whole` the body of an answer,
    `events` those of a stream."""

    read: Callable[[Document], tuple[Sequence[Message], Tools]]
    whole: Callable[[Reply], Document]
    events: Callable[[Reply], Iterator[Document]] | None = None


class ScriptedModelApis(ThreadedServer):
    """The server, from `with` to the end of the block. `requests` holds the path of every call it was sent."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        super().__init__(_handler_for(self))

    @property
    def endpoints(self) -> dict[str, str]:
        """The options of `configure` that send the makers' clients here, each by the name of its key."""
        return {
            "OPENAI_API_KEY": f"--env OPENAI_BASE_URL={self.url}/v1 --env OPENAI_API_BASE={self.url}/v1",
            "ANTHROPIC_API_KEY": f"--env ANTHROPIC_BASE_URL={self.url}",
            "GOOGLE_API_KEY": f"--env GOOGLE_GEMINI_BASE_URL={self.url}",
        }


def _handler_for(apis: ScriptedModelApis) -> type[Handler]:
    class Model(Handler):
        def do_POST(self) -> None:
            body = self.read_body()
            path = self.path.partition("?")[0]
            apis.requests.append(path)
            api = next((api for pattern, api in APIS.items() if re.fullmatch(pattern, path)), None)
            if api is None:
                self.answer(404, {"error": {"message": "not part of the script"}})
                return
            request = json.loads(body)
            answer = reply(*api.read(request))
            if request.get("stream") and api.events:
                self.answer(200, "".join(map(_sent, api.events(answer))).encode(), "text/event-stream")
            else:
                self.answer(200, api.whole(answer))

    return Model


def _sent(event: Document) -> str:
    """One event of a stream; Anthropic's have a name."""
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n"


def _text(content: Any) -> str:
    """The words of a message's content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content or () if "text" in part)


def _said(role: str, text: str) -> Message:
    return {"role": role, "content": [{"text": text}]}


def _result(text: str) -> Message:
    return {"role": "user", "content": [{"toolResult": {"content": [{"text": text}]}}]}


def _offered(tools: Iterable[Document], *schemas: str) -> Tools:
    """The names of tools and of their required parameters; a tool has one of the `schemas`."""
    return {
        tool["name"]: next((tool[name].get("required", []) for name in schemas if tool.get(name)), [])
        for tool in tools
        if "name" in tool
    }


# OpenAI's chat completions, which most servers of open models speak as well.


def _read_chat(request: Document) -> tuple[Sequence[Message], Tools]:
    messages = []
    for message in request["messages"]:
        text = _text(message.get("content"))
        if message["role"] != "system":
            messages.append(_result(text) if message["role"] == "tool" else _said(message["role"], text))
    return messages, _offered((tool["function"] for tool in request.get("tools") or ()), "parameters")


def _chat(answer: Reply) -> Document:
    message: Document = {"role": "assistant", "content": answer if isinstance(answer, str) else None}
    if isinstance(answer, ToolCall):
        call = {"name": answer.name, "arguments": json.dumps(answer.arguments)}
        message["tool_calls"] = [{"id": f"call_{next(_numbers)}", "type": "function", "function": call}]
    reason = "tool_calls" if isinstance(answer, ToolCall) else "stop"
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {
        "id": f"chatcmpl-{next(_numbers)}",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [choice],
        "usage": usage,
    }


def _chat_events(answer: Reply) -> Iterator[Document]:
    whole = _chat(answer)
    (choice,) = whole.pop("choices")
    message, ends = choice["message"], {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    calls = [call | {"index": 0} for call in message.get("tool_calls", ())]
    pieces = [{"tool_calls": calls}] if calls else [{"content": word} for word in re.findall(r"\S+\s*", str(answer))]
    whole["object"] = "chat.completion.chunk"
    for delta in ({"role": "assistant"}, *pieces):
        yield whole | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield whole | {"choices": [ends]}


# OpenAI's responses, text and tools.


def _read_responses(request: Document) -> tuple[Sequence[Message], Tools]:
    asked = request["input"]
    messages = []
    for item in [{"role": "user", "content": asked}] if isinstance(asked, str) else asked:
        if item.get("type") == "function_call_output":
            messages.append(_result(_text(item["output"])))
        elif item.get("role") in ("user", "assistant"):
            messages.append(_said(item["role"], _text(item["content"])))
    return messages, _offered(request.get("tools") or (), "parameters")


def _response(answer: Reply) -> Document:
    number = next(_numbers)
    item: Document = {"id": f"item_{number}", "status": "completed"}
    if isinstance(answer, ToolCall):
        call = {"call_id": f"call_{number}", "name": answer.name, "arguments": json.dumps(answer.arguments)}
        item |= {"type": "function_call", **call}
    else:
        content = [{"type": "output_text", "text": answer, "annotations": []}]
        item |= {"type": "message", "role": "assistant", "content": content}
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 0,
        "status": "completed",
        "model": "scripted",
        "output": [item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2, **details},
    }


# Anthropic's messages.


def _read_messages(request: Document) -> tuple[Sequence[Message], Tools]:
    messages = []
    for message in request["messages"]:
        content = message["content"]
        parts = [] if isinstance(content, str) else content
        results = [_text(part.get("content")) for part in parts if part.get("type") == "tool_result"]
        messages.append(_result(results[0]) if results else _said(message["role"], _text(content)))
    return messages, _offered(request.get("tools") or (), "input_schema")


def _message(answer: Reply) -> Document:
    if isinstance(answer, ToolCall):
        part: Document = {"type": "tool_use", "id": f"toolu_{next(_numbers)}", "name": answer.name}
        part["input"] = answer.arguments
    else:
        part = {"type": "text", "text": answer}
    return {
        "id": f"msg_{next(_numbers)}",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [part],
        "stop_reason": "tool_use" if isinstance(answer, ToolCall) else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }


def _message_events(answer: Reply) -> Iterator[Document]:
    whole = _message(answer)
    (part,) = whole["content"]
    empty: Document
    if isinstance(answer, ToolCall):
        empty, delta = {"input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(answer.arguments)}
    else:
        empty, delta = {"text": ""}, {"type": "text_delta", "text": answer}
    yield {"type": "message_start", "message": whole | {"content": [], "stop_reason": None}}
    yield {"type": "content_block_start", "index": 0, "content_block": part | empty}
    yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    ends = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": ends, "usage": {"output_tokens": 1}}
    yield {"type": "message_stop"}


# Gemini's generateContent.


def _read_contents(request: Document) -> tuple[Sequence[Message], Tools]:
    messages = []
    for content in request["contents"]:
        results = [part["functionResponse"]["response"] for part in content["parts"] if "functionResponse" in part]
        role = "assistant" if content.get("role") == "model" else "user"
        said = _said(role, _text(content["parts"]))
        messages.append(_result(str(next(iter(results[0].values())))) if results else said)
    tools = [one for tool in request.get("tools") or () for one in tool.get("functionDeclarations", ())]
    return messages, _offered(tools, "parameters", "parametersJsonSchema", "parameters_json_schema")


def _content(answer: Reply) -> Document:
    part: Document = {"text": answer}
    if isinstance(answer, ToolCall):
        part = {"functionCall": {"name": answer.name, "args": answer.arguments}}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    return {"candidates": [candidate], "usageMetadata": usage}


APIS: Final = {
    r"/v1/chat/completions": Api(_read_chat, _chat, _chat_events),
    r"/v1/responses": Api(_read_responses, _response),
    r"/v1/messages": Api(_read_messages, _message, _message_events),
    r"/v1(beta)?/models/[^/:]+:generateContent": Api(_read_contents, _content),
}
