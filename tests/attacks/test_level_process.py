"""Level `process` is no wall: that is said once, before an agent runs, and no protection is shown that is not there."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.attacks import attempts
from tests.command_line import AGENTCORE, CommandLine
from tests.conftest import leave
from tests.functional.local.sandbox.stage import AGENTS

WRAPPER = Path(__file__).with_name("without_namespaces.py")
SAID = "warning: sessions are separate processes here, and no more"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Run]:
    """A command of `agentcore` in a project, on a machine without namespaces."""
    if sys.platform != "linux":
        pytest.skip("only Linux has filters of system calls")
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    shutil.copy(AGENTS / "answers.py", tmp_path / "agent.py")
    command = CommandLine(tmp_path, {"AGENTCORE_HOME": str(home)})
    command.run("configure", "--entrypoint", "agent.py", "--name", "walls")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, WRAPPER, AGENTCORE, *arguments],
            cwd=tmp_path,
            env=command.whole_environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )

    yield run
    run("destroy", "--local", "--yes")
    leave(home)


@pytest.mark.long
def test_it_is_said_once_at_the_first_deploy_before_anything_runs(project: Run, tmp_path: Path) -> None:
    source = (tmp_path / "agent.py").read_text()
    (tmp_path / "agent.py").write_text("raise SystemExit('no')\n")
    broken = project("deploy", "--local")
    assert broken.returncode != 0
    assert broken.stderr.count(SAID) == 1
    assert broken.stderr.index(SAID) < broken.stderr.index("no")
    (tmp_path / "agent.py").write_text(source)
    for _ in range(2):
        deployed = project("deploy", "--local")
        assert (deployed.returncode, SAID in deployed.stderr) == (0, False), deployed.stderr
    shown = project("local", "status").stdout
    assert "process ([Errno 1] unshare: Operation not permitted)" in shown
    assert "account of its own:     no" in shown
    assert "not a security boundary" in project("doctor", "--target", "local").stdout


FILL = """
import os, time
with open(place + '/big', 'wb') as file:
    for _ in range(1100):
        file.write(bytes(2**20))
time.sleep(600)
"""


@pytest.mark.long
def test_session_storage_is_a_folder_that_is_kept_and_watched(project: Run, tmp_path: Path) -> None:
    shutil.copy(AGENTS / "storing.py", tmp_path / "agent.py")
    project("configure", "--entrypoint", "agent.py", "--name", "walls", "--session-storage", "/mnt/data")
    assert project("deploy", "--local").returncode == 0

    def invoke(session: str, source: str) -> subprocess.CompletedProcess[str]:
        return project("invoke", "--local", "--session-id", session, json.dumps({"run": source}))

    look = "import os; result = sorted(os.listdir(place))"
    invoke("one", "open(place + '/notes', 'w').write('kept')")
    project("sessions", "stop", "--local", "one")
    assert json.loads(invoke("one", look).stdout) == {"result": ["notes"]}
    assert json.loads(invoke("two", look).stdout) == {"result": []}
    ended = invoke("one", FILL)
    assert ended.returncode == 5, ended.stdout
    assert "Runtime was ended: its session storage holds too much, more than 1 GB" in ended.stderr


def test_a_protection_that_is_shown_as_there_is_there(tmp_path: Path) -> None:
    """Where it is missing, and only there, an agent gets what it protects from."""
    done = subprocess.run(
        [sys.executable, WRAPPER, sys.executable, Path(__file__).with_name("look_around.py"), tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["level"] == "process"
    assert "filter of system calls" in told["active"]
    rights, refused = told["rights"], told["refused"]
    assert ("no capabilities" in told["active"]) is (rights.items() >= attempts.RIGHTS_OF_NOBODY.items())
    assert {name: number for name, number in refused.items() if number != errno.EPERM} == {}
    for missing in ("file system of its own", "processes of its own", "account of its own"):
        assert missing not in told["active"]
    assert told["sees"] == {"the user's files": True, "other processes": True, "the user's account": True}
