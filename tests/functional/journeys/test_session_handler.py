"""A public document's session handler: the commands that it shows, word for word with `--local`, to the very end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from tests.functional.journeys.project import AGENTS, Project, copy_agent, deployed
from tests.local_runtime import eventually, processes_of

HELLO = '{"message": "Hello"}'


@pytest.fixture
def project(tmp_path: Path, home: Home) -> Iterator[Project]:
    """Alone in its home, so that the local runtime ends with it."""
    copy_agent(AGENTS / "seed_session_handler.py", tmp_path, ["bedrock-agentcore"], name="handler.py")
    with deployed(tmp_path, home.root, ["--entrypoint", "handler.py"]) as project:
        yield project.typed()
    eventually(lambda: not processes_of(home.root), "the server has ended by itself, after its last agent")


@pytest.mark.long
def test_the_documented_commands(project: Project) -> None:
    first = project.invoke(HELLO, "conv1")
    second = project.invoke('{"message": "How are you?"}', "conv1")
    other = project.invoke(HELLO, "conv2")

    assert (first["response"], first["message_count"]) == ("Message 1: You said 'Hello'", 1)
    assert (second["response"], second["message_count"]) == ("Message 2: You said 'How are you?'", 2)
    assert other["message_count"] == 1
    assert first["session_id"] == second["session_id"] != other["session_id"]

    project.command.run("sessions", "stop", "--local", "conv1")
    assert project.invoke(HELLO, "conv1")["message_count"] == 1

    project.command.run("destroy", "--local", "--yes")
    project.command.run("invoke", "--local", HELLO, code=4)
