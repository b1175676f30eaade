"""The scripted model says what the journeys expect of it, and knows only what the conversation holds."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.model_script import Reply, ToolCall, reply

TUTORIAL_PROMPT = """My name is Maira. Here is my request: {request}

    Additional context: This is session 3f2b1c77-0000-4000-8000-123456789012.
    Please acknowledge my name and provide assistance."""


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def assistant(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": [{"text": text}]}


def tool_result(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"toolResult": {"toolUseId": "tooluse_1", "content": [{"text": text}]}}]}


@pytest.mark.parametrize(
    ("said", "tools", "expected"),
    [
        pytest.param("How is the weather?", {"weather": []}, ToolCall("weather", {}), id="tool without parameters"),
        pytest.param(
            "The weather in Paris?", {"weather": ["city"]}, ToolCall("weather", {"city": "Paris"}), id="tool with city"
        ),
        pytest.param("How is the weather?", {}, "I cannot see the weather.", id="no tool offered"),
        pytest.param("What time is it?", {"get_time": []}, ToolCall("get_time", {}), id="time"),
        pytest.param(
            "How much is 2X5?", {"calculator": []}, ToolCall("calculator", {"expression": "2*5"}), id="calculator"
        ),
        pytest.param("How much is 2X5?", {}, "That is 10.", id="sum without calculator"),
        pytest.param("My name is John Doe.", {}, "Hello John Doe. You said: My name is John Doe.", id="name told"),
        pytest.param("Do you remember my name?", {}, "I do not know your name.", id="name not told"),
        pytest.param("Good morning", {}, "You said: Good morning", id="anything else"),
    ],
)
def test_first_turn(said: str, tools: dict[str, list[str]], expected: Reply) -> None:
    assert reply([user(said)], tools) == expected


def test_a_tool_result_becomes_a_sentence() -> None:
    conversation = [user("How is the weather?"), assistant(""), tool_result("sunny")]

    assert reply(conversation, {"weather": []}) == "The answer is: sunny."


def test_a_sum_goes_on_from_the_last_answer() -> None:
    conversation = [user("How much is 2X5?"), assistant("That is 10."), user("and that plus 34?")]

    assert reply(conversation, {}) == "That is 44."


def test_a_sum_with_nothing_before_it_is_not_guessed() -> None:
    answer = reply([user(TUTORIAL_PROMPT.format(request="And plus 10?"))], {})

    assert answer == "Hello Maira. I do not know what to add it to, no number was named in this conversation."


def test_the_name_is_remembered_from_an_earlier_turn() -> None:
    conversation = [user("My name is John Doe."), assistant("Hello."), user("Do you remember my name?")]

    assert reply(conversation, {}) == "Hello John Doe. Your name is John Doe."
