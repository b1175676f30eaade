"""An agent that writes down what it is told, in AgentCore Memory; records are drawn from it by `extraction.py`."""

import os
from datetime import UTC, datetime
from typing import Any

import boto3
from bedrock_agentcore import BedrockAgentCoreApp, RequestContext

app = BedrockAgentCoreApp()
memory = boto3.client("bedrock-agentcore", region_name=os.environ.get("AWS_REGION"))


@app.entrypoint
def note(payload: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """Keep `{"prompt": text, "actor_id": name}` as an event."""
    text = str(payload.get("prompt") or "(nothing)")
    made = memory.create_event(
        memoryId=os.environ["MEMORY_ID"],
        actorId=str(payload.get("actor_id") or "ann"),
        sessionId=context.session_id or "default",
        eventTimestamp=datetime.now(UTC),
        payload=[{"conversational": {"content": {"text": text}, "role": "USER"}}],
    )
    return {"response": "Noted", "event": made["event"]["eventId"]}


if __name__ == "__main__":
    app.run()
