"""A project that can't be written to, or whose disk is full, can be looked at and talked to."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.conftest import leave
from tests.long_cases import always

AGENT = Path(__file__).parents[2] / "agents" / "answers.py"
READING = [
    ["plan", "--local"],
    ["status"],
    ["versions"],
    ["endpoints", "list"],
    ["logs", "--limit", "1"],
    ["sessions", "list"],
    ["sessions", "show", "conv1"],
    ["invoke", "{}", "-s", "conv1"],
    ["invoke", "{}", "--continue"],
    ["exec", "true", "-s", "conv1"],
    ["permissions", "--target", "aws"],
    ["doctor"],
    ["sessions", "stop", "conv1"],
]
IN_TURN = always(["plan", "--local"], ["invoke", "{}", "-s", "conv1"], ["sessions", "stop", "conv1"], of=READING)


def mounted(folder: Path, *how: str) -> None:
    if subprocess.run(["mount", *how, folder], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """An agent in a file system of its own, 1 MB large, with a session that was talked to."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    folder = tmp_path_factory.mktemp("project")
    mounted(folder, "-t", "tmpfs", "-o", "size=1m", "none")
    shutil.copy(AGENT, folder / "agent.py")
    command = CommandLine(folder, {"AGENTCORE_HOME": str(home), "AGENTCORE_TARGET": "local"})
    try:
        command.run("configure", "-e", "agent.py", "--name", "bot")
        command.run("deploy")
        command.run("invoke", "{}", "-s", "conv1")
        yield command
        command.run("destroy", "--yes")
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
        leave(home)


@pytest.fixture
def read_only(deployed: CommandLine) -> Iterator[CommandLine]:
    mounted(deployed.folder, "-o", "remount,ro")
    yield deployed
    mounted(deployed.folder, "-o", "remount,rw")


@pytest.fixture
def full(deployed: CommandLine) -> Iterator[CommandLine]:
    filler = deployed.folder / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(descriptor, bytes(4096)):
            pass
    os.close(descriptor)
    assert os.statvfs(deployed.folder).f_bavail == 0
    yield deployed
    filler.unlink()


@pytest.mark.parametrize("verb", IN_TURN, ids=" ".join)
def test_a_read_only_project(read_only: CommandLine, verb: list[str]) -> None:
    ran = read_only.run(*verb)
    assert ran.stderr.count("Read-only file system") <= 1, ran.stderr


@pytest.mark.parametrize("verb", IN_TURN, ids=" ".join)
def test_a_full_project(full: CommandLine, verb: list[str]) -> None:
    ran = full.run(*verb)
    assert ran.stderr.count("full") + ran.stderr.count("No space") <= 1, ran.stderr
