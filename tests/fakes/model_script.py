"""What the scripted model says: a pure function of the conversation, so that it remembers what a real model could.

It plays along with the public AgentCore tutorials: the weather and the time by the tools it is offered, small sums, a
sum that goes on from the last answer, and the user's name. What it has not been told in `messages` it does not know,
which is how a test sees whether a session kept its conversation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NAME = re.compile(r"[Mm]y name is ([A-Z][\w ]*?)[.!\n]")
_REQUEST = re.compile(r"Here is my request: (.*)")
_PRODUCT = re.compile(r"(\d+)\s*[xX*×]\s*(\d+)")
_ADDITION = re.compile(r"\bplus (\d+)")
_CITY = re.compile(r"\bin ([A-Z]\w+)")
_NUMBER = re.compile(r"\d+")

Message = Mapping[str, Any]
Tools = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks the agent to run a tool."""

    name: str
    arguments: dict[str, Any]


Reply = str | ToolCall


def reply(messages: Sequence[Message], tools: Tools) -> Reply:
    """The model's next turn. `tools`: the offered tools, each with the names of its required parameters."""
    conversation = Conversation(messages)
    answer = _about_tool_result(messages[-1]) or _about_request(conversation, tools)
    if isinstance(answer, ToolCall) or conversation.name is None:
        return answer
    return f"Hello {conversation.name}. {answer}"


class Conversation:
    """What can be known from the messages so far."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._user = [_text(message) for message in messages if message["role"] == "user"]
        self._assistant = [_text(message) for message in messages if message["role"] == "assistant"]

    @property
    def request(self) -> str:
        """The user's last request, without the frame that the tutorial's agent puts around it."""
        last = self._user[-1]
        framed = _REQUEST.search(last)
        return framed[1] if framed else last

    @property
    def name(self) -> str | None:
        """The user's name, if it was told."""
        names = _NAME.findall("\n".join(self._user) + "\n")
        return names[-1] if names else None

    @property
    def last_number(self) -> int | None:
        """The last number that the model itself has said."""
        numbers = _NUMBER.findall(" ".join(self._assistant))
        return int(numbers[-1]) if numbers else None


def _text(message: Message) -> str:
    return "\n".join(block["text"] for block in message["content"] if "text" in block)


def _about_tool_result(message: Message) -> str | None:
    for block in message["content"]:
        if "toolResult" in block:
            return f"The answer is: {_text(block['toolResult']).removeprefix('Result: ')}."
    return None


def _about_request(conversation: Conversation, tools: Tools) -> Reply:
    for rule in (_about_weather, _about_time, _about_product, _about_addition, _about_name):
        answer = rule(conversation, tools)
        if answer is not None:
            return answer
    return f"You said: {conversation.request}"


def _about_weather(conversation: Conversation, tools: Tools) -> Reply | None:
    if "weather" not in conversation.request:
        return None
    if "weather" not in tools:
        return "I cannot see the weather."
    city = _CITY.search(conversation.request)
    return ToolCall("weather", {"city": city[1] if city else "Seattle"} if "city" in tools["weather"] else {})


def _about_time(conversation: Conversation, tools: Tools) -> Reply | None:
    asked = "time" in conversation.request and "get_time" in tools
    return ToolCall("get_time", {}) if asked else None


def _about_product(conversation: Conversation, tools: Tools) -> Reply | None:
    factors = _PRODUCT.search(conversation.request)
    if factors is None:
        return None
    if "calculator" in tools:
        return ToolCall("calculator", {"expression": f"{factors[1]}*{factors[2]}"})
    return f"That is {int(factors[1]) * int(factors[2])}."


def _about_addition(conversation: Conversation, _: Tools) -> Reply | None:
    addition = _ADDITION.search(conversation.request)
    if addition is None:
        return None
    if conversation.last_number is None:
        return "I do not know what to add it to, no number was named in this conversation."
    return f"That is {conversation.last_number + int(addition[1])}."


def _about_name(conversation: Conversation, _: Tools) -> Reply | None:
    if "remember my name" not in conversation.request:
        return None
    return f"Your name is {conversation.name}." if conversation.name else "I do not know your name."
