"""A project, and a conversation in it that has begun."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import leave
from tests.functional.dev.stage import Dev, Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    folder = tmp_path / "project"
    folder.mkdir()
    made = Project(folder, home)
    made.save("0")
    made.command.run("configure", "--entrypoint", "agent.py", "--name", "bot")
    yield made
    leave(home)


@pytest.fixture
def dev(project: Project) -> Iterator[Dev]:
    """A conversation that has begun: nothing is saved before it watches."""
    running = Dev(project)
    running.say("hello")
    yield running
    running.close()
    project.gone()  # whoever clears up behind it is done, before anybody else does
