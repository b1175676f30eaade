"""The real clients of AgentCore Memory, unchanged, against the local runtime."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.environments import agent_environment
from tests.local_runtime import RunningServer, eventually

CLIENTS = Path(__file__).parent / "clients"


def run(server: RunningServer, python: Path, client: str, *arguments: str) -> Any:
    """What a client printed, run by an interpreter that has its packages and with the server as AWS."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": server.info.url,
        "AWS_ACCESS_KEY_ID": server.info.access_key,
        "AWS_SECRET_ACCESS_KEY": server.info.secret_key,
        "AWS_REGION": "us-west-2",
        "AWS_CONFIG_FILE": os.devnull,
    }
    command = [str(python), str(CLIENTS / client), *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def memory(server: RunningServer, name: str) -> str:
    strategy = {"semanticMemoryStrategy": {"name": "facts", "namespaceTemplates": ["/facts/{actorId}/"]}}
    made = server.control.create_memory(name=name, eventExpiryDuration=30, memoryStrategies=[strategy])["memory"]
    id = str(made["id"])
    eventually(lambda: server.control.get_memory(memoryId=id)["memory"]["status"] == "ACTIVE", "it is active")
    return id


def test_the_sdks_client_and_session_manager(server: RunningServer) -> None:
    found = run(server, agent_environment("bedrock-agentcore"), "session_manager.py")
    assert found == {
        "same": True,
        "turns": [[f"My number is {n}.", f"answer {n}"] for n in range(11, 1, -1)],
        "branches": ["main", "other"],
        "fork": 2,
        "actors": ["bob", "user/1:a"],
        "sessions": ["chat-1"],
        "best": "My number is 7.",
        "legacy": [["hello", "hi"]],
    }


@pytest.mark.long
def test_the_sdks_clients_in_unusual_use(server: RunningServer) -> None:
    """Longest ids, any text, writers in one millisecond, filters, branches of branches, deletions, strategies."""
    said = "Grüße 日本語 👩‍👩‍👧 \u202e\x00\\ \"'\n\u2028end"
    found = run(server, agent_environment("bedrock-agentcore"), "unusual_use.py", memory(server, "unusual"))
    assert found == {
        "as it was said": True,
        "writers": [64, 64, True],
        "moods": [1, 64, 1, 0],
        "branch of a branch": ["Grüße", "b1", "b2", "b2 mo"],
        "only it": ["b2", "b2 more"],
        "both filters": [said],
        "tree": ["b1", "b2"],
        "deleted": "ResourceNotFoundException",
        "its branch goes on": ["b1", "b1 mo"],
        "refused": 7 * ["ValidationException"] + ["ResourceNotFoundException"],
        "modified": "changed",
        "memory": ["new", 7, ["facts"]],
        "records": [100, "Grüße 日本語 "],
        "by word": 100,
        "deleted records": 100,
        "none twice": 100,
    }


@pytest.mark.long
def test_the_sdks_session_manager_for_strands(server: RunningServer) -> None:
    python = agent_environment("bedrock-agentcore", "strands-agents")
    assert run(server, python, "strands_manager.py", memory(server, "strands")) == [
        ["user", "My name is Ann."],
        ["assistant", "Hello Ann"],
    ]


@pytest.mark.long
def test_an_agent_of_strands_with_all_of_its_memory(server: RunningServer) -> None:
    """Tools, state, long ids, a message that is replaced, batches, no persistence; the store for what is learned."""
    python = agent_environment("bedrock-agentcore", "strands-agents")
    assert run(server, python, "strands_unusual.py", memory(server, "learning")) == {
        "goes on": [True, 8, ["1234", "ü"]],
        "tagged": 8,
        "redacted": "(redacted)",
        "batched": True,
        "kept nothing": 0,
        "learned": ["My cat is called Momo."],
        "told": ["<user_context>My cat is called Momo.</user_context>", "Is my cat in order 4321?"],
    }


@pytest.mark.long
def test_langgraph_remembers_as_in_its_own_process(server: RunningServer) -> None:
    """What differs from InMemorySaver, for both formats: interrupts, forks, graphs in graphs, histories."""
    python = agent_environment("langgraph", "langgraph-checkpoint-aws")
    assert run(server, python, "langgraph_unusual.py", memory(server, "graphs")) == {
        "legacy": {},
        "snapshot": {},
        "at once": 8 * [3],
        "deleted": [False, True],
        "another actor": {},
        "store": [["I like green tea and café noir.", ["/facts/ann/"], True]],
        "by id": "I like green tea and café noir.",
        "no id": None,
        "other words": [],
    }


@pytest.mark.long
def test_langgraphs_checkpointer(server: RunningServer) -> None:
    python = agent_environment("langgraph", "langgraph-checkpoint-aws")
    found = run(server, python, "langgraph_saver.py", memory(server, "langgraph"))
    assert found["found"] == 2
    assert found["history"][0] == 41


@pytest.mark.long
def test_search_by_sense_with_the_extra() -> None:
    python = agent_environment("wordllama", "msgspec", "boto3")
    repository = Path(__file__).parents[4]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(repository), "HF_HUB_OFFLINE": "1"}
    command = [str(python), str(CLIENTS / "embeddings.py")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "way": "embeddings",
        "sense": "The car broke down on the motorway",
        "all": ["Automobile repair is expensive", "The car broke down on the motorway"],
        "words": "I drink green tea every morning",
        "nothing": [],
        "changed": ["Automobile repair is expensive"],
        "beverage": "Coffee in the evening",
        "again": "Coffee in the evening",
        "scores": True,
    }
