"""A chat handler whose conversations outlive their sessions, in AgentCore Memory.

A session of the runtime ends after a quarter of an hour without a call, and what its process remembered ends with it.
What is kept in the memory is there for as long as the memory keeps events: the next call with the same session id, in a
new process, goes on with the same conversation.

Who speaks, the actor, is in the payload: the context has the session's id, and knows no actor.
"""

import os
import threading
from typing import Any

import boto3
from bedrock_agentcore import BedrockAgentCoreApp, RequestContext
from bedrock_agentcore.memory.constants import ConversationalMessage, MessageRole
from bedrock_agentcore.memory.session import MemorySession, MemorySessionManager

TURNS = 10

app = BedrockAgentCoreApp()


class SessionManager:
    """One memory session for each actor and session id, so that no two of them are ever mixed up."""

    def __init__(self, memory_id: str) -> None:
        self._manager = MemorySessionManager(memory_id=memory_id, region_name=os.environ.get("AWS_REGION"))
        self._sessions: dict[tuple[str, str], MemorySession] = {}
        self._lock = threading.Lock()  # two calls of one session run at once

    def get_session(self, actor_id: str, session_id: str) -> MemorySession:
        """Get or create an isolated session."""
        with self._lock:
            key = (actor_id, session_id)
            if key not in self._sessions:
                self._sessions[key] = self._manager.create_memory_session(actor_id=actor_id, session_id=session_id)
            return self._sessions[key]

    def clear_session(self, actor_id: str, session_id: str) -> None:
        """Forget it here; what was said stays in the memory."""
        with self._lock:
            self._sessions.pop((actor_id, session_id), None)


sessions: SessionManager | None = None


def manager() -> SessionManager:
    """The memory that the config names: deploy puts its id into MEMORY_ID."""
    global sessions
    if sessions is None:
        sessions = SessionManager(os.environ["MEMORY_ID"])
    return sessions


def answer(history: list[dict[str, Any]], text: str) -> str:
    """What the model of MODEL_ID says to the conversation so far; without one, that the text has arrived."""
    if not (model := os.environ.get("MODEL_ID")):
        return f"I received: {text}"
    messages = [{"role": said["role"].lower(), "content": [{"text": said["content"]["text"]}]} for said in history]
    messages.append({"role": "user", "content": [{"text": text}]})
    said = boto3.client("bedrock-runtime").converse(modelId=model, messages=messages)
    return str(said["output"]["message"]["content"][0]["text"])


@app.entrypoint
def chat(payload: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    """Answer `{"prompt": text, "actor_id": name}` with what was said before in this conversation."""
    text = str(payload.get("prompt") or payload.get("message") or "(nothing)")
    actor = str(payload.get("actor_id") or "default_user")
    session = manager().get_session(actor, context.session_id or "default_session")

    turns = session.get_last_k_turns(k=TURNS)  # the newest first
    history = [message for turn in reversed(turns) for message in turn]
    reply = answer(history, text)
    session.add_turns(  # both in one event: the order of two within a moment is nobody's promise
        messages=[
            ConversationalMessage(text, MessageRole.USER),
            ConversationalMessage(reply, MessageRole.ASSISTANT),
        ]
    )
    return {"response": reply, "session_id": context.session_id, "history_length": len(turns)}


if __name__ == "__main__":
    app.run()
