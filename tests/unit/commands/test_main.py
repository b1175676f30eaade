"""The command line as a process: streams, exit codes and where the options may stand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agentcore_cli", *arguments], cwd=cwd, capture_output=True, text=True, timeout=60
    )


def test_the_version_is_on_stdout(tmp_path: Path) -> None:
    ran = run("--version", cwd=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "agentcore 0.1.0\n", "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["inwoke"], "did you mean agentcore invoke?"),
        (["--nonsense"], "--nonsense"),
        (["sessions", "stop"], "which one?"),
        (["--local", "--target", "aws", "invoke", "x"], "choose one of them"),
        (["logs", "--since", "soon", "--local"], "--since 'soon'"),
    ],
)
def test_bad_usage_is_exit_2_on_stderr(arguments: list[str], says: str, tmp_path: Path) -> None:
    ran = run(*arguments, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("arguments", [["--json", "status"], ["status", "--json"]], ids=["before", "after"])
def test_an_error_is_an_object_with_json(arguments: list[str], tmp_path: Path) -> None:
    ran = run(*arguments, cwd=tmp_path)
    assert ran.returncode == 2
    answer = json.loads(ran.stdout)
    assert answer["schema_version"] == 1
    assert set(answer["error"]) == {"code", "message", "hint", "request_id"}
    assert "configure" in answer["error"]["hint"]


def test_a_config_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    ran = run("status", "--config", "nope.yaml", cwd=tmp_path)
    assert ran.returncode == 2
    assert "nope.yaml" in ran.stderr


def test_no_command_shows_the_help(tmp_path: Path) -> None:
    ran = run(cwd=tmp_path)
    assert "Commands:" in ran.stdout + ran.stderr
