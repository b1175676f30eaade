"""A chat handler that counts and remembers what was said in its session.

AgentCore starts one process for each session id and keeps it between invocations, so a plain list is the memory of one
conversation: it is there on the next call with the same session id, and another session never sees it.
"""

from typing import Any

from bedrock_agentcore.runtime import BedrockAgentCoreApp, RequestContext

app = BedrockAgentCoreApp()
remembered: list[str] = []


@app.entrypoint
def chat(payload: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """Answer `{"prompt": text}` with the number of the message and everything said before it."""
    message = str(payload.get("prompt", ""))
    earlier = list(remembered)
    remembered.append(message)
    return {
        "response": f"Message {len(remembered)}: {message}",
        "message_count": len(remembered),
        "earlier_messages": earlier,
        "session_id": context.session_id,
    }


if __name__ == "__main__":
    app.run()
