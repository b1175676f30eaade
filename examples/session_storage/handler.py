"""An agent whose conversation outlives its session: it is a file in session storage.

Session storage is a folder that each session id has for itself. AgentCore keeps it when the session is stopped or goes
idle, and gives it back with the next call of the same id: 1 GB, for 14 days after the last call, until the next version
of the agent. It is there when a session is called, not while this file is imported: so look into it in the handler.
"""

import json
import os
from pathlib import Path

from bedrock_agentcore.runtime import BedrockAgentCoreApp, RequestContext

app = BedrockAgentCoreApp()

# The path is the config's `session_storage`. Where the local runtime can't mount anything, this variable leads there.
WORKSPACE = Path(os.environ.get("AGENTCORE_SESSION_STORAGE", "/mnt/workspace"))
CONVERSATION = WORKSPACE / "conversation.jsonl"

since_start: list[str] = []  # what a session without storage remembers


@app.entrypoint
def chat(payload: dict, context: RequestContext) -> dict:
    """Remember one more message, and say what is remembered of this session id and since when."""
    message = str(payload.get("prompt", ""))
    earlier = read_turns(CONVERSATION)
    append_turn(CONVERSATION, {"role": "user", "text": message})
    since_start.append(message)
    return {
        "response": f"Message {len(earlier) + 1} of this conversation: {message}",
        "message_count": len(earlier) + 1,
        "earlier_messages": [turn["text"] for turn in earlier],
        "since_start": len(since_start),
        "session_id": context.session_id,
    }


def read_turns(path: Path) -> list[dict]:
    """What was said before; nothing in a session that is new."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def append_turn(path: Path, turn: dict) -> None:
    """A line is written as a whole; two calls at once do not mix theirs."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(turn, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    app.run()
