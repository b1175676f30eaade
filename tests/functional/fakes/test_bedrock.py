"""The scripted Bedrock speaks the protocol: botocore's own client and parsers read what it writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.fakes.bedrock import ScriptedBedrock

WEATHER = {"toolSpec": {"name": "weather", "inputSchema": {"json": {"type": "object", "required": ["city"]}}}}


@pytest.fixture
def bedrock() -> Iterator[ScriptedBedrock]:
    with ScriptedBedrock() as server:
        yield server


@pytest.fixture
def client(bedrock: ScriptedBedrock) -> Iterator[Any]:
    client = boto3.client(
        "bedrock-runtime",
        endpoint_url=bedrock.url,
        region_name="us-west-2",
        aws_access_key_id="AKIASCRIPTED",
        aws_secret_access_key="scripted",
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def ask(text: str, *tools: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a Converse call that asks `text` and offers `tools`."""
    offered = {"toolConfig": {"tools": list(tools)}} if tools else {}
    return {"modelId": "any.model-v1:0", "messages": [{"role": "user", "content": [{"text": text}]}], **offered}


def test_converse_answers_with_text(client: Any) -> None:
    answer = client.converse(**ask("How much is 2X5?"))

    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": "That is 10."}]}
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"]["totalTokens"] == 2


def test_converse_asks_for_an_offered_tool(client: Any) -> None:
    answer = client.converse(**ask("How is the weather in Paris?", WEATHER))

    call = answer["output"]["message"]["content"][0]["toolUse"]
    assert (call["name"], call["input"]) == ("weather", {"city": "Paris"})
    assert answer["stopReason"] == "tool_use"


def test_converse_stream_sends_text_word_by_word(client: Any) -> None:
    events = list(client.converse_stream(**ask("How much is 2X5?"))["stream"])

    assert [next(iter(event)) for event in events] == [
        "messageStart",
        "contentBlockDelta",
        "contentBlockDelta",
        "contentBlockDelta",
        "contentBlockStop",
        "messageStop",
        "metadata",
    ]
    pieces = [event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event]
    assert pieces == ["That ", "is ", "10."]


def test_converse_stream_asks_for_an_offered_tool(client: Any) -> None:
    events = list(client.converse_stream(**ask("How is the weather?", WEATHER))["stream"])

    assert events[1]["contentBlockStart"]["start"]["toolUse"]["name"] == "weather"
    assert events[2]["contentBlockDelta"]["delta"]["toolUse"]["input"] == '{"city": "Seattle"}'
    assert events[4] == {"messageStop": {"stopReason": "tool_use"}}


def test_every_call_is_recorded(client: Any, bedrock: ScriptedBedrock) -> None:
    client.converse(**ask("Good morning"))

    assert bedrock.requests == [{"messages": ask("Good morning")["messages"]}]


def test_what_is_not_in_the_script_is_refused(client: Any) -> None:
    with pytest.raises(ClientError, match="not part of the script"):
        client.invoke_model(modelId="any.model-v1:0", body=b"{}")


@pytest.mark.parametrize(("secret", "is_good"), [("scripted", True), ("guessed", False), (None, False)])
def test_it_verifies_signatures_when_it_knows_secrets(secret: str | None, is_good: bool) -> None:
    with ScriptedBedrock(lambda key: secret if key == "AKIASCRIPTED" else None) as server:
        keys = {"aws_access_key_id": "AKIASCRIPTED", "aws_secret_access_key": "scripted"}
        once = Config(retries={"total_max_attempts": 1})
        client = boto3.client("bedrock-runtime", endpoint_url=server.url, region_name="us-west-2", config=once, **keys)
        if is_good:
            assert client.converse(**ask("How much is 2X5?"))["stopReason"]
        else:
            with pytest.raises(ClientError, match="token is invalid"):
                client.converse(**ask("How much is 2X5?"))
        client.close()
