"""Every example, deployed and used as its README says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.fakes.bedrock import ScriptedBedrock
from tests.functional.journeys.project import EXAMPLES, Deployments, Project


def add_example(deployments: Deployments, name: str, parent: Path, *configure: str) -> Project:
    """Deploy a copy of `examples/<name>`."""
    folder = parent / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return deployments.add(folder, ["--name", f"example_{name}", *configure])


@pytest.fixture(scope="module")
def streaming(tmp_path_factory: pytest.TempPathFactory, deployments: Deployments) -> Project:
    return add_example(deployments, "streaming", tmp_path_factory.mktemp("example"), "--entrypoint", "handler.py")


def test_session_counts_and_remembers(tmp_path: Path, deployments: Deployments) -> None:
    project = add_example(deployments, "session", tmp_path, "--entrypoint", "handler.py")

    first = project.invoke("Hello", "conv1")
    second = project.invoke("Still me", "conv1")
    other = project.invoke("Hello", "conv2")

    assert first["message_count"] == 1
    assert (second["message_count"], second["earlier_messages"]) == (2, ["Hello"])
    assert (other["message_count"], other["earlier_messages"]) == (1, [])


def test_session_s_own_tests_pass_with_the_fixture_of_the_package(tmp_path: Path) -> None:
    folder = tmp_path / "session"
    shutil.copytree(EXAMPLES / "session", folder, ignore=shutil.ignore_patterns("__pycache__"))

    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=folder, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout
    assert "3 passed" in ran.stdout
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith((".pytest", "__py"))) == [
        "README.md",
        "handler.py",
        "requirements.txt",
        "test_handler.py",
    ]


def test_streaming_is_printed_piece_by_piece(streaming: Project) -> None:
    words = "one word after the other, slowly enough to see that each is printed the moment it is made"
    # A session that is up, so that what is watched is the stream and not the start.
    streaming.command.run("invoke", "--local", "ready", "--session-id", "watched")

    with streaming.command.start("invoke", "--local", words, "--session-id", "watched") as running:
        assert running.stdout is not None
        first = running.stdout.read(len("one "))
        still_running = running.poll() is None
        rest = running.stdout.read()

    assert first == b"one "
    assert still_running
    assert (first + rest).decode().split() == words.split()


def test_streaming_gives_one_json_object_per_event(streaming: Project) -> None:
    lines = streaming.command.run("--json", "invoke", "--local", "three short words").stdout.splitlines()

    assert len(lines) == 4
    assert '"event": "result"' in lines[-1]


def test_fastapi_keeps_a_session_s_notes(tmp_path: Path, deployments: Deployments) -> None:
    project = add_example(deployments, "fastapi", tmp_path, "--entrypoint", "app:app")

    project.invoke("buy milk", "shopping")
    shopping = project.invoke("and bread", "shopping")
    other = project.invoke("call Ada", "work")

    assert shopping["notes"] == ["buy milk", "and bread"]
    assert shopping["session_id"].startswith("shopping-")
    assert other["notes"] == ["call Ada"]


def test_session_storage_keeps_a_conversation_over_a_stop_and_no_deploy(
    tmp_path: Path, deployments: Deployments
) -> None:
    storage = ("--entrypoint", "handler.py", "--session-storage", "/mnt/workspace")
    project = add_example(deployments, "session_storage", tmp_path, *storage)

    first = project.invoke("Hello", "conv1")
    project.command.run("sessions", "stop", "--local", "conv1")
    second = project.invoke("Still me", "conv1")
    other = project.invoke("Hello", "conv2")
    listed = project.command.run("sessions", "list", "--local").stdout
    project.command.run("configure", "--env", "ANOTHER=version")
    project.command.run("sessions", "stop", "--local", "--all")
    project.command.run("deploy", "--local")
    third = project.invoke("And me?", "conv1")

    assert (first["message_count"], first["since_start"]) == (1, 1)
    assert (second["message_count"], second["earlier_messages"], second["since_start"]) == (2, ["Hello"], 1)
    assert (other["message_count"], other["earlier_messages"]) == (1, [])
    assert "STORAGE" in listed
    assert " kB " in listed or " MB " in listed or " B " in listed
    assert (third["message_count"], third["earlier_messages"]) == (1, [])


def test_strands_uses_its_tool_and_remembers_the_order(tmp_path: Path, deployments: Deployments) -> None:
    project = add_example(
        deployments, "strands", tmp_path, "--entrypoint", "handler.py", "--env", "AGENT_MODEL=scripted"
    )

    asked = project.invoke("Where is order 1042?", "ada")
    again = project.invoke("When will it be here?", "ada")
    stranger = project.invoke("When will it be here?", "bob")

    assert asked["response"] == "Order 1042: shipped on Monday, arrives on Thursday."
    assert again == asked
    assert stranger["response"] == "Which order do you mean? Give me its number."


@pytest.mark.parametrize("template", ["session", "strands", "memory"])
def test_a_project_of_init_runs_as_its_readme_says(
    tmp_path: Path, deployments: Deployments, bedrock: ScriptedBedrock, template: str
) -> None:
    folder = tmp_path / "project"
    CommandLine(tmp_path).run("init", "project", "--template", template, "--name", f"made_{template}")
    project = deployments.add(folder, [], bedrock.environment)

    first = project.command.run("invoke", "--local", "--session-id", "conv1", "How is the weather?").stdout
    second = project.command.run("invoke", "--local", "--session-id", "conv1", "Still me").stdout

    expected = {
        "session": ('"said": ["How is the weather?"]', '"said": ["How is the weather?", "Still me"]'),
        "strands": ("I cannot see the weather.", ""),
        "memory": ("We have not met before.", "You said 1 things before this."),
    }[template]
    assert expected[0] in first
    assert expected[1] in second
