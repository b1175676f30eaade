"""The scripted model APIs answer in each maker's shape, as the public references have it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.model_apis import ScriptedModelApis

SUM = "How much is 6 x 7?"
WEATHER = "How is the weather in Oslo?"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture
def apis() -> Iterator[ScriptedModelApis]:
    with ScriptedModelApis() as server:
        yield server


def ask(apis: ScriptedModelApis, path: str, body: dict[str, Any]) -> str:
    request = urllib.request.Request(f"{apis.url}{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request) as answer:
        text: str = answer.read().decode()
    return text


def test_chat_completions(apis: ScriptedModelApis) -> None:
    said = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [{"type": "text", "text": SUM}]}]
    (choice,) = json.loads(ask(apis, "/v1/chat/completions", {"messages": said}))["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("That is 42.", "stop")
    tools = [{"type": "function", "function": {"name": "weather", "parameters": CITY}}]
    asked = {"messages": [{"role": "user", "content": WEATHER}], "tools": tools}
    (choice,) = json.loads(ask(apis, "/v1/chat/completions", asked))["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
    asked["messages"] += [choice["message"], {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}]
    assert "The answer is: sunny." in ask(apis, "/v1/chat/completions", asked)
    events = ask(apis, "/v1/chat/completions", {"messages": said, "stream": True}).split("\n\n")
    deltas = [json.loads(event.removeprefix("data: "))["choices"][0]["delta"] for event in events if event]
    assert "".join(delta.get("content", "") for delta in deltas) == "That is 42."


def test_responses(apis: ScriptedModelApis) -> None:
    (item,) = json.loads(ask(apis, "/v1/responses", {"input": SUM}))["output"]
    assert item["content"][0]["text"] == "That is 42."
    tools = [{"type": "function", "name": "weather", "parameters": CITY}]
    asked: dict[str, Any] = {"input": [{"role": "user", "content": WEATHER}], "tools": tools}
    (call,) = json.loads(ask(apis, "/v1/responses", asked))["output"]
    assert (call["type"], json.loads(call["arguments"])) == ("function_call", {"city": "Oslo"})
    asked["input"] += [call, {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}]
    assert "The answer is: sunny." in ask(apis, "/v1/responses", asked)


def test_messages(apis: ScriptedModelApis) -> None:
    said = [{"role": "user", "content": SUM}]
    assert json.loads(ask(apis, "/v1/messages", {"messages": said}))["content"] == [
        {"type": "text", "text": "That is 42."}
    ]
    events = ask(apis, "/v1/messages?beta=true", {"messages": said, "stream": True}).split("\n\n")
    assert events[0].startswith("event: message_start\ndata: ")
    assert any('"text": "That is 42."' in event for event in events)
    tools = [{"name": "weather", "input_schema": CITY}]
    asked: dict[str, Any] = {"messages": [{"role": "user", "content": WEATHER}], "tools": tools}
    (call,) = json.loads(ask(apis, "/v1/messages", asked))["content"]
    assert (call["type"], call["input"]) == ("tool_use", {"city": "Oslo"})
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": [{"type": "text", "text": "sunny"}]}
    asked["messages"] += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    assert "The answer is: sunny." in ask(apis, "/v1/messages", asked)


@pytest.mark.parametrize("schema", ["parameters", "parametersJsonSchema"])
def test_generate_content(apis: ScriptedModelApis, schema: str) -> None:
    path = "/v1beta/models/any-model:generateContent"
    asked: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": WEATHER}]}]}
    asked["tools"] = [{"functionDeclarations": [{"name": "weather", schema: CITY}]}]
    (candidate,) = json.loads(ask(apis, path, asked))["candidates"]
    assert candidate["content"]["parts"] == [{"functionCall": {"name": "weather", "args": {"city": "Oslo"}}}]
    result = {"functionResponse": {"name": "weather", "response": {"result": "sunny"}}}
    asked["contents"] += [candidate["content"], {"role": "user", "parts": [result]}]
    assert "The answer is: sunny." in ask(apis, path, asked)


def test_what_is_not_part_of_the_script_is_refused_and_remembered(apis: ScriptedModelApis) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask(apis, "/v1/embeddings", {})
    assert apis.requests == ["/v1/embeddings"]
