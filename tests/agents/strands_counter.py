"""An agent that imports Strands, counts its calls and calls no model: what is measured is the runtime around it."""

from typing import Any

import strands
from bedrock_agentcore.runtime import BedrockAgentCoreApp

app = BedrockAgentCoreApp()
calls: list[Any] = []


@app.entrypoint
def count(payload: dict[str, Any]) -> dict[str, Any]:
    """The number of this call in this session."""
    calls.append(payload)
    return {"count": len(calls), "agent": strands.Agent.__name__}


if __name__ == "__main__":
    app.run()
