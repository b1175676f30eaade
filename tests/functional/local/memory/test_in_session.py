"""An agent in a local session finds its project's memory by the environment that it has, and keeps it over sessions."""

from __future__ import annotations

import json
from pathlib import Path

from tests.environments import agent_environment
from tests.local_runtime import RunningServer, eventually, new_session

AGENT = Path(__file__).parents[3] / "agents" / "remembers.py"
TAGS = {"agentcore:project": "talks-123456"}


def test_what_one_session_was_told_another_knows(server: RunningServer) -> None:
    memory = str(server.control.create_memory(name="talks", eventExpiryDuration=30, tags=TAGS)["memory"]["id"])
    eventually(lambda: server.control.get_memory(memoryId=memory)["memory"]["status"] == "ACTIVE", "it is active")
    interpreter = agent_environment("bedrock-agentcore")
    arn = server.deploy(
        AGENT, interpreter=interpreter, environmentVariables={"MEMORY_ID": memory}, tags=TAGS, name="remembers"
    )

    def told(prompt: str) -> list[str]:
        body = json.dumps({"actor": "user/1:a", "prompt": prompt}).encode()
        answer = server.invoke(arn, body, new_session())
        assert answer.status == 200, answer.body
        return list(answer.json())

    assert told("first") == []
    assert told("second") == ["first"]
    assert told("third") == ["second", "first"]
