"""A support agent built with Strands Agents: one tool, and a conversation that lasts as long as the session.

The model is Claude on Amazon Bedrock. With AGENT_MODEL=scripted it is the small offline model in `scripted_model.py`,
so the agent runs where there is no AWS account.
"""

import os
from typing import Any

from bedrock_agentcore.runtime import BedrockAgentCoreApp
from scripted_model import ScriptedModel
from strands import Agent, tool
from strands.models import BedrockModel, Model

ORDERS = {
    "1042": "shipped on Monday, arrives on Thursday",
    "1043": "waiting for payment",
}

app = BedrockAgentCoreApp()


@tool
def order_status(order_id: str) -> str:
    """Look up the state of an order.

    Args:
        order_id: The number of the order, four digits.
    """
    return ORDERS.get(order_id, "not known to us")


def chosen_model() -> Model:
    """The model that AGENT_MODEL names: `scripted`, a Bedrock model id, or (left out) Strands' own default."""
    name = os.environ.get("AGENT_MODEL")
    if name == "scripted":
        return ScriptedModel()
    return BedrockModel(model_id=name) if name else BedrockModel()


agent = Agent(
    model=chosen_model(),
    tools=[order_status],
    system_prompt="You answer questions about orders. Look an order up before you speak about it.",
    callback_handler=None,
)


@app.entrypoint
def support(payload: dict[str, Any]) -> dict[str, Any]:
    """Answer `{"prompt": text}`; `agent` holds the conversation so far."""
    answer = agent(str(payload.get("prompt", "")))
    return {"response": str(answer).strip()}


if __name__ == "__main__":
    app.run()
