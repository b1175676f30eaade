"""A project's folder that may not be written to: it is named, with what to do, and there is no traceback."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.conftest import leave
from tests.same_process import SameProcess


@pytest.fixture
def project(tmp_path: Path) -> Iterator[CommandLine]:
    """A configured agent, in a folder that is mounted read-only."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    (tmp_path / "agent.py").write_text("# never run\n")
    command = SameProcess(tmp_path, {"AGENTCORE_HOME": str(home)})
    command.run("configure", "-e", "agent.py", "--no-check")
    mount(tmp_path, "--bind", str(tmp_path))
    try:
        mount(tmp_path, "-o", "remount,bind,ro")
        yield command
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)
    leave(home)


def mount(folder: Path, *how: str) -> None:
    if subprocess.run(["mount", *how, folder], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")


@pytest.mark.parametrize("verb", [["configure", "--no-check", "--env", "A=1"], ["deploy", "--local"]], ids=" ".join)
def test_what_has_to_write_there_says_so(project: CommandLine, verb: list[str]) -> None:
    ran = project.run(*verb, code=1)
    assert ran.stdout == ""
    assert f"error: {project.folder}/.agentcore" in ran.stderr
    assert "can't be written: Read-only file system" in ran.stderr
    assert "next: give yourself the permission to write there" in ran.stderr


@pytest.mark.parametrize("verb", [["plan", "--local"], ["permissions", "--role"]], ids=" ".join)
def test_what_only_reads_works(project: CommandLine, verb: list[str]) -> None:
    assert project.run(*verb).stdout
