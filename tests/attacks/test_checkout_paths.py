"""A stranger's checkout: what it names outside itself is refused before it is read, by every verb that looks at it."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from agentcore_cli.config.paths import OF_AN_AGENT
from agentcore_cli.config.schema import Config
from agentcore_cli.local.home import Home
from tests.same_process import SameProcess

CONFIG = """version: 1
project: p-1
agents: {{bot: {{entrypoint: agent.py{settings}}}}}
targets: {{aws: {{region: us-west-2, account: "123456789012"}}}}
"""
CANARY = "canary-of-the-user"


@pytest.fixture
def project(tmp_path: Path, home: Home) -> SameProcess:
    (tmp_path / "secret").write_text(f"{CANARY}\n")
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "agent.py").write_text("import time\n")
    (folder / ".agentcore.yaml").write_text(CONFIG.format(settings=""))
    return SameProcess(folder, {"AGENTCORE_HOME": str(home.root)})


def with_settings(project: SameProcess, settings: str) -> None:
    (project.folder / ".agentcore.yaml").write_text(CONFIG.format(settings=f", {settings}"))


def refused(project: SameProcess, *verb: str, code: int = 2) -> str:
    ran = project.run(*verb, code=code)
    assert CANARY not in ran.stdout + ran.stderr
    assert ran.stdout == ""
    return ran.stderr


PERMISSIONS = ["permissions", "--role"]
OUTSIDE = ["/etc/passwd", "../secret", "a/../../secret", "~/secret"]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("key", ["role_policy", "requirements"])
def test_a_path_of_the_config_that_lies_outside(project: SameProcess, key: str, path: str) -> None:
    with_settings(project, f"{key}: '{path}'")
    assert f"agents.bot.{key}: {path!r} lies outside the project" in refused(project, *PERMISSIONS)


@pytest.mark.parametrize("verb", [PERMISSIONS, ["plan", "--local"]], ids=" ".join)
@pytest.mark.parametrize(
    ("key", "name"), [("role_policy", "policy.json"), ("requirements", "requirements.txt"), ("entrypoint", "agent.py")]
)
def test_a_path_that_leads_outside_through_a_link(project: SameProcess, key: str, name: str, verb: list[str]) -> None:
    if key != "entrypoint":
        with_settings(project, f"{key}: {name}")
    (project.folder / name).unlink(missing_ok=True)
    (project.folder / name).symlink_to("../secret")
    for _ in range(2):  # the second time the config is remembered
        assert f"agents.bot.{key}: {name} is a link that leads outside the project" in refused(project, *verb)


def test_a_folder_on_the_way_that_is_a_link(project: SameProcess) -> None:
    (project.folder / "deep").symlink_to("..")
    with_settings(project, "role_policy: deep/secret")
    assert "leads outside the project" in refused(project, *PERMISSIONS)


def test_every_path_of_the_config_is_among_those_that_are_looked_at() -> None:
    """A new key with a text must be sorted in here: a path goes into `config.paths.OF_AN_AGENT`."""
    no_paths = {
        *("python", "description", "base_image", "image", "runtime", "execution_role", "permissions_boundary"),
        *("role_path", "models", "ecr_repository", "encryption_key", "session_storage", "memory", "header_allowlist"),
        *("environment", "build_args", "tags", "network", "authorizer", "secrets", "secrets_keys"),  # names and values
    }
    agents = next(field for field in msgspec.structs.fields(Config) if field.name == "agents")
    agent = inspect.type_info(agents.type).value_type  # type: ignore[attr-defined]
    texts = {field.name for field in agent.fields if _holds_text(field.type)}
    assert texts - no_paths == set(OF_AN_AGENT)


def _holds_text(kind: Any) -> bool:
    if isinstance(kind, inspect.Metadata):
        return _holds_text(kind.type)
    if isinstance(kind, inspect.UnionType):
        return any(_holds_text(inner) for inner in kind.types)
    if isinstance(kind, inspect.VarTupleType):
        return _holds_text(kind.item_type)
    if isinstance(kind, inspect.DictType):
        return _holds_text(kind.value_type)
    if isinstance(kind, inspect.StructType):
        return any(_holds_text(field.type) for field in kind.fields)
    return isinstance(kind, inspect.StrType)


REQUIREMENTS = ["-r ../secret", "-c /etc/passwd", "--requirement=../secret", "-e ../kit", "kit @ file:///etc"]


@pytest.mark.parametrize("line", REQUIREMENTS)
def test_requirements_that_lead_out_of_the_project(project: SameProcess, line: str) -> None:
    (project.folder.parent / "kit").mkdir()
    with_settings(project, "requirements: requirements.txt")
    (project.folder / "requirements.txt").write_text(line + "\n")
    assert "requirements.txt:1: " in (said := refused(project, "plan", "--local"))
    assert "lies outside the project" in said
    assert "it was not read" in said


def test_what_lies_beside_the_project_is_taken_along_once_its_user_has_said_so(project: SameProcess) -> None:
    """By the command that the refusal names, word for word; a checkout can't say it about what is above it."""
    (project.folder.parent / "kit").mkdir()
    with_settings(project, "requirements: requirements.txt")
    (project.folder / "requirements.txt").write_text("-e ../kit\n")
    said = refused(project, "plan", "--local")
    command = f"git init {project.folder.parent.resolve()}"
    assert f"next: {command} makes one repository of both" in said
    subprocess.run(command.split(), check=True, capture_output=True)
    assert "2 to create" in project.run("plan", "--local").stdout


@pytest.mark.parametrize("path", ["/etc", "/tmp/kit", "~/.ssh"])
def test_no_command_is_named_that_opens_the_system_or_the_home(
    project: SameProcess, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(project.folder.parent))
    with_settings(project, "requirements: requirements.txt")
    (project.folder / "requirements.txt").write_text(f"-e {path.replace('~', str(project.folder.parent))}\n")
    said = refused(project, "plan", "--local")
    assert "it was not read" in said
    assert "git init" not in said


def test_in_a_repository_they_may_lead_to_what_else_is_in_it(project: SameProcess) -> None:
    """A monorepo: the project is a folder of the repository, its packages lie beside it."""
    (project.folder.parent / ".git").mkdir()
    (project.folder.parent / "kit").mkdir()
    (project.folder.parent / "base.txt").write_text("# nothing\n")
    with_settings(project, "requirements: requirements.txt")
    (project.folder / "requirements.txt").write_text("-r ../base.txt\n-e ../kit\n")
    assert "2 to create" in project.run("plan", "--local").stdout
    (project.folder / "requirements.txt").write_text("-r ../../secret\n")
    assert "lies outside the repository" in refused(project, "plan", "--local")


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.bot", ".dockerignore"])
def test_files_of_docker_that_are_links(project: SameProcess, name: str) -> None:
    (project.folder / name).symlink_to("../secret")
    verb = ["configure", "-e", "agent.py", "--name", "bot", "--no-check", "--env", "A=1"]
    assert f"{name}: lies outside the project" in refused(project, *verb)


def test_a_module_that_is_a_link_is_not_read(project: SameProcess) -> None:
    (project.folder / "helper.py").symlink_to("../secret")
    (project.folder / "agent.py").write_text("import helper\n")
    said = refused(project, "configure", "-e", "agent.py", "--name", "bot")
    assert "helper.py: a link that leads outside the project; it was not read" in said


def test_the_config_itself_as_a_link(project: SameProcess) -> None:
    (project.folder / ".agentcore.yaml").unlink()
    (project.folder / ".agentcore.yaml").symlink_to("../secret")
    assert ".agentcore.yaml: lies outside the project" in refused(project, *PERMISSIONS)


def test_the_config_as_a_pipe_is_not_waited_for(project: SameProcess) -> None:
    (project.folder / ".agentcore.yaml").unlink()
    os.mkfifo(project.folder / ".agentcore.yaml")
    assert ".agentcore.yaml: neither a file nor a folder" in refused(project, *PERMISSIONS)


def _socket(path: Path) -> None:
    """Bound elsewhere, since a socket's path may not be long."""
    with tempfile.TemporaryDirectory(prefix="ac-") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s")
        os.rename(f"{folder}/s", path)


ODD: list[tuple[str, Callable[[Path], object]]] = [
    ("a link", lambda path: path.symlink_to("/etc/passwd")),
    ("a link", lambda path: path.symlink_to("nowhere")),
    ("a named pipe", os.mkfifo),
    ("a socket", _socket),
]
NAMES = [
    "aws.json",
    "local.json",
    "local.lock",
    "sessions.db",
    "sessions.db-wal",
    "chat-bot.history",
    ".gitignore",
    "x",
]
VERBS = [["status", "--local"], ["plan", "--local"], ["deploy", "--local"], ["sessions", "list"], ["logs"], PERMISSIONS]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_plain_file_in_the_tools_folder(project: SameProcess, name: str) -> None:
    (project.folder / ".agentcore").mkdir()
    for (kind, make), verb in zip(ODD, random.Random(name).sample(VERBS, len(ODD)), strict=True):
        (project.folder / ".agentcore" / name).unlink(missing_ok=True)
        make(project.folder / ".agentcore" / name)
        assert f".agentcore/{name}: {kind}, which is never followed" in refused(project, *verb)
    assert sorted(path.name for path in (project.folder / ".agentcore").iterdir()) == [name]


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize(
    ("kind", "make"),
    [("a link", lambda path: path.symlink_to("..")), ("a file", Path.touch), ("a named pipe", os.mkfifo)],
)
def test_the_tools_folder_itself_is_no_folder(
    project: SameProcess, kind: str, make: Callable[[Path], object], verb: list[str]
) -> None:
    make(project.folder / ".agentcore")
    assert f".agentcore: {kind}, and a folder is expected" in refused(project, *verb)
    assert sorted(path.name for path in project.folder.parent.iterdir()) == ["checkout", "secret"]
