"""A chat handler whose conversations outlive their sessions, in Redis.

REDIS_URL says where it is, SESSION_TTL after how many seconds without a call a conversation is forgotten. Calls of one
session may run at once: each takes the session's lock while it reads, answers and writes, so that no turn is lost. The
lock has an end of its own, so that a process that dies with it holds nobody up for long.
"""

import json
import os
from typing import Any

import redis
from bedrock_agentcore import BedrockAgentCoreApp, RequestContext

SESSION_TTL = int(os.environ.get("SESSION_TTL", "3600"))  # seconds
LOCK_SECONDS = 60

app = BedrockAgentCoreApp()
client = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379/0"))


def get_session(session_id: str) -> dict[str, Any]:
    data = client.get(f"session:{session_id}")
    return json.loads(data) if data else {"messages": [], "metadata": {}}


def save_session(session_id: str, session: dict[str, Any]) -> None:
    client.setex(f"session:{session_id}", SESSION_TTL, json.dumps(session))


@app.entrypoint
def chat(payload: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """Answer `{"prompt": text}` with the number of the message, counted over all processes of the session."""
    text = str(payload.get("prompt") or payload.get("message") or "")
    session_id = context.session_id or "default"
    with client.lock(f"lock:{session_id}", timeout=LOCK_SECONDS, blocking_timeout=LOCK_SECONDS):
        session = get_session(session_id)
        earlier = list(session["messages"])
        session["messages"].append(text)
        save_session(session_id, session)
    return {
        "response": f"Message {len(earlier) + 1}: you said {text!r}",
        "message_count": len(earlier) + 1,
        "earlier_messages": earlier,
        "session_id": session_id,
    }


if __name__ == "__main__":
    app.run()
