"""Every example, deployed and used as its README says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.bedrock import ScriptedBedrock
from tests.functional.journeys.project import EXAMPLES, REPOSITORY, Deployments, Project
from tests.redis_server import running_redis, time_to_live
from tests.same_process import SameProcess


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


@pytest.mark.long
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
    """The first word is there a minute before the last is made."""
    # A session that is up, so that what is watched is the stream and not the start.
    streaming.command.run("invoke", "--local", "ready", "--session-id", "watched")

    with streaming.command.start("invoke", "--local", "one " * 600, "--session-id", "watched") as running:
        assert running.stdout is not None
        try:
            assert running.stdout.read(len("one ")) == b"one "
            assert running.poll() is None
        finally:
            running.terminate()


def test_streaming_gives_one_json_object_per_event(streaming: Project) -> None:
    lines = streaming.command.run("--json", "invoke", "--local", "three short words").stdout.splitlines()

    assert len(lines) == 4
    assert '"event": "result"' in lines[-1]


@pytest.mark.long
def test_fastapi_keeps_a_session_s_notes(tmp_path: Path, deployments: Deployments) -> None:
    project = add_example(deployments, "fastapi", tmp_path, "--entrypoint", "app:app")

    project.invoke("buy milk", "shopping")
    shopping = project.invoke("and bread", "shopping")
    other = project.invoke("call Ada", "work")

    assert shopping["notes"] == ["buy milk", "and bread"]
    assert shopping["session_id"].startswith("shopping-")
    assert other["notes"] == ["call Ada"]


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis on loopback."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.mark.parametrize(
    "template", ["session", *(pytest.param(name, marks=pytest.mark.long) for name in ("strands", "memory"))]
)
def test_a_project_of_init_runs_as_its_readme_says(
    tmp_path: Path, deployments: Deployments, bedrock: ScriptedBedrock, template: str
) -> None:
    folder = tmp_path / "project"
    SameProcess(tmp_path).run("init", "project", "--template", template, "--name", f"made_{template}")
    project = deployments.add(folder, [], bedrock.environment)

    first = project.command.run("invoke", "--local", "--session-id", "conv1", "How is the weather?").stdout
    second = project.command.run("invoke", "--local", "--session-id", "conv1", "Still me").stdout

    expected = {
        "session": ('"said": ["How is the weather?"]', '"said": ["How is the weather?", "Still me"]'),
        "strands": ("I cannot see the weather.", ""),
        "memory": ('"history_length": 0', '"history_length": 1'),
    }[template]
    assert expected[0] in first
    assert expected[1] in second
    if template == "memory":
        project.command.run("memory", "delete", "--local", "made_memory_memory", "--yes")


def test_init_s_memory_template_is_the_example() -> None:
    template = REPOSITORY / "templates" / "project" / "memory"
    assert (template / "agent.py.j2").read_text() == (EXAMPLES / "memory" / "handler.py").read_text()
    assert (template / "requirements.txt.j2").read_text() == (EXAMPLES / "memory" / "requirements.txt").read_text()


@pytest.fixture(scope="module")
def remembering(
    tmp_path_factory: pytest.TempPathFactory, deployments: Deployments, bedrock: ScriptedBedrock
) -> Iterator[Project]:
    """examples/memory with a model that answers by a script."""
    folder = tmp_path_factory.mktemp("example") / "memory"
    shutil.copytree(EXAMPLES / "memory", folder, ignore=shutil.ignore_patterns("__pycache__"))
    said = ["--entrypoint", "handler.py", "--memory", "example_talks", "--env", "MODEL_ID=scripted"]
    project = deployments.add(folder, ["--name", "example_memory", *said], bedrock.environment)
    yield project
    project.command.run("memory", "delete", "--local", "example_talks", "--yes")


def asked(project: Project, session: str, actor: str, prompt: str) -> Any:
    return project.invoke(json.dumps({"actor_id": actor, "prompt": prompt}), session)


def test_a_conversation_outlives_its_session(remembering: Project) -> None:
    first = asked(remembering, "conv1", "ann", "My name is Ann")
    remembering.command.run("sessions", "stop", "--local", "--all")
    second = asked(remembering, "conv1", "ann", "Do you remember my name?")
    assert (first["history_length"], second["history_length"]) == (0, 1)
    assert "Ann" in second["response"], "the model was told what was said in the session before"
    told = remembering.command.run("memory", "events", "--local", "example_talks", "--session", "conv1").stdout
    assert [line.split()[-1] for line in told.splitlines() if "USER" in line] == ["Ann", "name?"]


def test_two_actors_of_one_session_and_two_sessions_of_one_actor_share_nothing(remembering: Project) -> None:
    asked(remembering, "shared", "ann", "My name is Ann")
    assert asked(remembering, "shared", "bob", "Hello")["history_length"] == 0
    assert asked(remembering, "another", "ann", "Hello")["history_length"] == 0
    assert asked(remembering, "shared", "ann", "Hello")["history_length"] == 1


@pytest.mark.long
def test_an_answer_knows_the_last_ten_turns_and_no_more(remembering: Project) -> None:
    lengths = [asked(remembering, "long", "ann", f"Number {number}")["history_length"] for number in range(12)]
    assert lengths == [*range(11), 10]


@pytest.mark.long
def test_redis_keeps_a_conversation_over_sessions_and_loses_no_turn(
    tmp_path: Path, deployments: Deployments, redis_url: str
) -> None:
    said = ["--env", f"REDIS_URL={redis_url}", "--env", "SESSION_TTL=3600"]
    project = add_example(deployments, "redis", tmp_path, "--entrypoint", "handler.py", *said)
    assert project.invoke("Hello", "conv1")["message_count"] == 1
    project.command.run("sessions", "stop", "--local", "--all")
    again = project.invoke("Still me", "conv1")
    assert (again["message_count"], again["earlier_messages"]) == (2, ["Hello"])
    assert project.invoke("Hello", "conv2")["message_count"] == 1
    typed = project.typed()
    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(lambda text: typed.invoke(text, "busy")["message_count"], "abcdefgh"))
    assert sorted(counts) == list(range(1, 9)), "each call saw what the one before it had written"
    assert 3500 < time_to_live(redis_url, "session:") <= 3600
