"""An AGENTCORE_HOME that can't be used is bad input: it is named, with what to do, and nothing was done."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.same_process import SameProcess

NEEDS_IT = [
    ["local", "status"],
    ["local", "start"],
    ["local", "stop"],
    ["local", "env"],
    ["local", "logs"],
    ["local", "clock", "advance", "1m"],
    ["local", "fault", "throttle"],
    ["plan", "--local"],
    ["deploy", "--local"],
    ["destroy", "--local", "--yes"],
    ["status", "--local"],
]


@pytest.fixture
def project(tmp_path: Path) -> CommandLine:
    (tmp_path / "agent.py").write_text("# never run\n")
    agents, targets = "{bot: {entrypoint: agent.py}}", "{aws: {region: us-west-2}}"
    (tmp_path / ".agentcore.yaml").write_text(f"version: 1\nproject: p-1\nagents: {agents}\ntargets: {targets}\n")
    return SameProcess(tmp_path)


def at(project: CommandLine, home: Path) -> CommandLine:
    return SameProcess(project.folder, {"AGENTCORE_HOME": str(home)})


@pytest.mark.parametrize("verb", NEEDS_IT, ids=" ".join)
@pytest.mark.parametrize("below", ["", "below"], ids=["a-file", "below-a-file"])
def test_a_file_in_its_place_is_exit_2(project: CommandLine, verb: list[str], below: str) -> None:
    home = project.folder / "home"
    home.touch()
    ran = at(project, home / below).run(*verb, code=2)
    assert ran.stdout == ""
    assert f"error: {home / below}: can't be used: " in ran.stderr
    assert "next: set AGENTCORE_HOME to a folder of yours" in ran.stderr
    assert home.read_bytes() == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="where root may make no folder, nobody can; others may be told more")
@pytest.mark.parametrize("verb", [["local", "start"], ["deploy", "--local"]], ids=" ".join)
def test_a_place_where_no_folder_can_be_made_is_exit_2(project: CommandLine, verb: list[str]) -> None:
    assert "/sys/nowhere" in at(project, Path("/sys/nowhere")).run(*verb, code=2).stderr


def test_a_folder_that_may_not_be_written_is_refused() -> None:
    """By another user, as root may write everywhere."""
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    folder.chmod(0o555)
    program = f"""
import os, pathlib
from agentcore_cli.local.home import Home
if os.geteuid() == 0:
    os.setuid(65534)
Home(pathlib.Path({str(folder)!r})).check()
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    folder.rmdir()
    assert f"InputError: {folder}: can't be used: no permission to write there\n" in ran.stderr
