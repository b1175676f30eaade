"""Landlock by itself, without any mount or namespace around it: in a process of its own, which it is for good."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[4]
HEAD = """
import json, os, socket, sys
from agentcore_cli.local.sandbox.worker import kernel, landlock
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
def tried(attempt):
    try:
        attempt()
    except OSError as error:
        return error.errno
    return 0
"""
EACCES, EPERM = 13, 1


def run(source: str, *arguments: str) -> Any:
    result = subprocess.run(
        [sys.executable, "-c", HEAD + source, *arguments], cwd=REPOSITORY, capture_output=True, text=True
    )
    if "landlock_create_ruleset:" in result.stderr or "has no scopes" in result.stderr:
        pytest.skip(f"landlock: {result.stderr.splitlines()[-1]}")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_only_the_folders_named_are_written_to(tmp_path: Path) -> None:
    for name in ("own", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    source = """
own, other = sys.argv[1:]
held = os.open(other, os.O_RDONLY)
landlock.restrict([own], ["/dev"])
print(json.dumps([
    tried(lambda: open(own + "/new", "w").close()), tried(lambda: os.rename(own + "/new", own + "/newer")),
    tried(lambda: open("/dev/null", "w").close()), tried(lambda: open(other + "/file").close()),
    tried(lambda: open(other + "/new", "w")), tried(lambda: os.truncate(other + "/file", 0)),
    tried(lambda: os.unlink(other + "/file")), tried(lambda: os.mkdir("new", dir_fd=held)),
    tried(lambda: os.rename(own + "/newer", other + "/newer")),
]))
"""
    done, refused = [0] * 4, [EACCES] * 4
    assert run(source, str(tmp_path / "own"), str(tmp_path / "other"))[:8] == done + refused


def test_who_is_outside_gets_no_signal_and_offers_no_abstract_socket(tmp_path: Path) -> None:
    source = """
source, held = os.pipe()
outside = os.fork()
if not outside:
    os.dup2(source, 0)  # it ends with this process, which holds the other end
    os.execlp("cat", "cat")
listener = socket.socket(socket.AF_UNIX)
listener.bind(f"\\0landlock-{os.getpid()}"); listener.listen()
landlock.restrict([], [])
inside = os.fork()
if not inside:
    os.execlp("sleep", "sleep", "60")  # and this one is killed
told = [
    tried(lambda: os.kill(outside, 9)), tried(lambda: os.kill(inside, 9)),
    tried(lambda: socket.socket(socket.AF_UNIX).connect(f"\\0landlock-{os.getpid()}")),
    tried(lambda: open(f"/proc/{outside}/mem", "rb")),
]
print(json.dumps(told))
"""
    assert run(source)[:3] == [EPERM, 0, EPERM]
