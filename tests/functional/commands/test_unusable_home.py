"""An AGENTCORE_HOME that can't be used is bad input: it is named, with what to do, and nothing was done."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
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


def contents_and_mode(folder: Path) -> tuple[list[str], int]:
    return sorted(path.name for path in folder.rglob("*")), folder.stat().st_mode


def test_doctor_tells_of_it_and_leaves_it(project: CommandLine) -> None:
    home = project.folder / "home"
    (home / "photos").mkdir(parents=True)
    ran = CommandLine(project.folder, {"AGENTCORE_HOME": str(home)}).run("doctor", code=1)
    assert "it holds other things than agentcore's, such as photos" in ran.stdout
    assert contents_and_mode(home)[0] == ["photos"]


@pytest.mark.parametrize("verb", NEEDS_IT, ids=" ".join)
def test_a_folder_with_other_things_in_it_is_refused_and_left_as_it_is(project: CommandLine, verb: list[str]) -> None:
    home = project.folder / "home"
    home.mkdir()
    (home / "photos").mkdir()
    home.chmod(0o755)
    before = contents_and_mode(home)
    ran = at(project, home).run(*verb, code=2)
    assert "it holds other things than agentcore's, such as photos" in ran.stdout + ran.stderr
    assert contents_and_mode(home) == before


def test_a_folder_that_everybody_may_write_to_is_refused_even_when_it_is_empty(project: CommandLine) -> None:
    """As /tmp is."""
    home = project.folder / "home"
    home.mkdir()
    home.chmod(0o1777)
    assert "everybody may write there" in at(project, home).run("local", "start", code=2).stderr
    assert home.stat().st_mode & 0o7777 == 0o1777


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_is_refused_even_with_our_marker(project: CommandLine) -> None:
    home = project.folder / "home"
    home.mkdir(mode=0o700)
    (home / ".agentcore-home").touch()
    os.chown(home, 12345, 12345)
    assert "it belongs to another user (uid 12345)" in at(project, home).run("local", "start", code=2).stderr
    assert sorted(path.name for path in home.iterdir()) == [".agentcore-home"]


def test_a_folder_of_an_earlier_version_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    for name in ("artifacts", "runtime.db", "server.json", "learned"):
        (tmp_path / name).mkdir()
    home = Home(tmp_path).check().create()
    assert (home.root / ".agentcore-home").is_file()
    (tmp_path / "of a later version").touch()
    home.check()
