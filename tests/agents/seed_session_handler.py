# The in-memory handler of a public document on session management in AgentCore (handler.py), with one line mended: it
# imports RequestContext from bedrock_agentcore.context, a module that does not exist.
# ruff: noqa
# fmt: off
from bedrock_agentcore.runtime import BedrockAgentCoreApp
from bedrock_agentcore.runtime.context import RequestContext

app = BedrockAgentCoreApp()
sessions = {}  # In-memory storage (use database in production)

@app.entrypoint
def chat_handler(payload, context: RequestContext):
    """Handle chat with session management."""
    session_id = context.session_id or "default"
    message = payload.get("message", "")

    # Initialize session if new
    if session_id not in sessions:
        sessions[session_id] = {"messages": [], "count": 0}

    # Store message
    sessions[session_id]["messages"].append(message)
    sessions[session_id]["count"] += 1

    count = sessions[session_id]["count"]
    return {
        "response": f"Message {count}: You said '{message}'",
        "session_id": session_id,
        "message_count": count
    }

if __name__ == "__main__":
    app.run()
