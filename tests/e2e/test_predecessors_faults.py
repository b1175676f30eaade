"""What the predecessor got wrong, on real images: what is in them, what counts as a change, what a deploy keeps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.agents import PLAIN_AGENT, write_agent
from tests.e2e.pushed_image import PushedImage
from tests.forked_commands import ForkedCommandLine, ForkedCommands
from tests.stage.account import WORKER, Account, Inventory

AGENT = f"bot_{WORKER}"
READS_A_FILE = PLAIN_AGENT.replace('{"edition": "first"}', '{"read": open("/app/private.txt").read()}')


@pytest.fixture
def command(aws: Account, tmp_path: Path) -> Iterator[ForkedCommandLine]:
    """A configured project; whatever it deployed is destroyed at the end."""
    folder = tmp_path / "project"
    write_agent(folder, PLAIN_AGENT)
    with ForkedCommands() as commands:
        opened = ForkedCommandLine(commands, folder, aws.environment)
        opened.run("configure", "--entrypoint", "agent.py", "--name", AGENT)
        yield opened
        opened.run("destroy", "--yes")


def write(folder: Path, *names: str, text: str = "value = 1\n") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def deployed_image(command: ForkedCommandLine, aws: Account) -> PushedImage:
    assert aws.registry
    return PushedImage.at(command.json("deploy", "--yes")["ecr_uri"], aws.registry)


def app_files(image: PushedImage) -> set[str]:
    return {name.removeprefix("app/") for name in image.files() if name.startswith("app/")}


def pending(command: ForkedCommandLine) -> dict[str, Any]:
    return {change["key"]: change["action"] for change in command.json("plan")["pending"]}


def test_the_image_holds_what_belongs_to_the_agent_and_nothing_else(command: ForkedCommandLine, aws: Account) -> None:
    """Packages may be called docs, build or env; ignored files stay out, and so does what looks like a secret."""
    packages = ("docs/__init__.py", "build/__init__.py", "env/__init__.py", "dist/data.txt")
    write(command.folder, *packages, "notes/private.md", "keep/notes.md")
    write(command.folder, "keep/.env.local", ".env", "deep/er/.env.production", text="PASSWORD=1\n")
    ignore = command.folder / ".dockerignore"
    ignore.write_text(ignore.read_text() + "notes\n!notes/kept.md\n")
    write(command.folder, "notes/kept.md")
    there = app_files(deployed_image(command, aws))
    assert {*packages, "agent.py", "keep/notes.md", "notes/kept.md"} <= there
    assert not {"notes/private.md", "keep/.env.local", ".env", "deep/er/.env.production"} & there


def test_an_image_without_its_entrypoint_is_refused_before_anything_is_made(
    command: ForkedCommandLine, aws: Account
) -> None:
    ignore = command.folder / ".dockerignore"
    ignore.write_text(ignore.read_text() + "*.py\n")
    before = aws.inventory()
    done = command.run("deploy", "--yes", code=2)
    assert "agent.py" in done.stderr
    assert aws.inventory() == before


def test_a_file_that_only_its_owner_may_read_is_read_by_the_agent(command: ForkedCommandLine, aws: Account) -> None:
    write(command.folder, "agent.py", text=READS_A_FILE)
    write(command.folder, "private.txt", text="for the agent")
    (command.folder / "private.txt").chmod(0o600)
    command.run("deploy", "--yes")
    assert command.json("invoke", "hello")["response"] == {"read": "for the agent"}


def test_a_project_that_moved_is_still_the_same(command: ForkedCommandLine, aws: Account, tmp_path: Path) -> None:
    command.run("deploy", "--yes")
    before = aws.inventory()
    moved = ForkedCommandLine(command.commands, tmp_path / "elsewhere", aws.environment)
    shutil.move(command.folder, moved.folder)
    try:
        assert pending(moved) == {}
        moved.run("deploy", "--yes")
        assert aws.inventory() == before
    finally:
        shutil.move(moved.folder, command.folder)


def test_a_requirements_file_that_is_included_counts(command: ForkedCommandLine) -> None:
    write(command.folder, "requirements.txt", text="-r other.txt\n")
    write(command.folder, "other.txt", text="# nothing yet\n")
    command.run("configure", "--entrypoint", "agent.py", "--name", AGENT, "--requirements", "requirements.txt")
    command.run("deploy", "--yes")
    assert pending(command) == {}
    write(command.folder, "other.txt", text="iniconfig\n")
    assert pending(command) == {"image": "update", "runtime": "update"}


def test_variables_outlive_the_next_deploy(command: ForkedCommandLine, aws: Account) -> None:
    command.run("deploy", "--yes", "--env", "MODE=quiet")
    write(command.folder, "agent.py", text=PLAIN_AGENT + "# changed\n")
    command.run("deploy", "--yes")
    assert variables(aws.inventory()) == {"MODE": "quiet"}


def variables(inventory: Inventory) -> dict[str, str]:
    """The environment of the only runtime."""
    (runtime,) = inventory["runtimes"].values()
    found: dict[str, str] = runtime["environmentVariables"]
    return found
