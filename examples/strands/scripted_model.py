"""A Strands model that follows a script: no network, no account, the same answer every time.

It asks for the `order_status` tool when an order was named, now or earlier in the conversation, and puts the tool's
result into a sentence. Like a real model it knows nothing but the messages it is given.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from strands.models import Model
from strands.types.content import ContentBlock, Message, Messages
from strands.types.streaming import StreamEvent

ORDER = re.compile(r"\b\d{4}\b")


class ScriptedModel(Model):
    """Plays the model's part in a conversation about orders."""

    def update_config(self, **model_config: Any) -> None:
        """There is nothing to configure."""

    def get_config(self) -> dict[str, Any]:
        """There is nothing to configure."""
        return {}

    def structured_output(self, output_model: Any, prompt: Messages, system_prompt: str | None = None, **_: Any) -> Any:
        """Not part of the script."""
        raise NotImplementedError("the scripted model gives no structured output")

    async def stream(self, messages: Messages, *_: Any, **__: Any) -> AsyncIterator[StreamEvent]:
        """The events of one turn, as Bedrock's ConverseStream would send them."""
        for event in _turn(messages):
            yield event


def _turn(messages: Messages) -> Iterator[StreamEvent]:
    order_id = _last_order(messages)
    result = _tool_result(messages[-1])
    if result is not None:
        return _speech(f"Order {order_id}: {result}.")
    if order_id is None:
        return _speech("Which order do you mean? Give me its number.")
    return _tool_call(order_id, call_id=f"call-{len(messages)}")


def _last_order(messages: Messages) -> str | None:
    """The order number that was named last in the conversation."""
    said = " ".join(block.get("text", "") for message in messages for block in message["content"])
    numbers = ORDER.findall(said)
    return numbers[-1] if numbers else None


def _tool_result(message: Message) -> str | None:
    for block in message["content"]:
        if "toolResult" in block:
            return block["toolResult"]["content"][0]["text"]
    return None


def _speech(text: str) -> Iterator[StreamEvent]:
    deltas = [{"text": word} for word in re.findall(r"\S+\s*", text)]
    return _events({}, deltas, stop_reason="end_turn")


def _tool_call(order_id: str, call_id: str) -> Iterator[StreamEvent]:
    start = {"toolUse": {"toolUseId": call_id, "name": "order_status"}}
    return _events(start, [{"toolUse": {"input": json.dumps({"order_id": order_id})}}], stop_reason="tool_use")


def _events(start: Any, deltas: list[ContentBlock], stop_reason: Any) -> Iterator[StreamEvent]:
    yield {"messageStart": {"role": "assistant"}}
    yield {"contentBlockStart": {"start": start}}
    for delta in deltas:
        yield {"contentBlockDelta": {"delta": delta}}
    yield {"contentBlockStop": {}}
    yield {"messageStop": {"stopReason": stop_reason}}
