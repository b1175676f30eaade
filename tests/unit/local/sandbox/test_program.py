"""The words of the sandbox."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.environment import base_environment
from agentcore_cli.local.sandbox.preload import Preload
from agentcore_cli.local.sandbox.program import Exit, Program


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        pytest.param(Exit(0, None), "exited with status 0", id="status-0"),
        pytest.param(Exit(3, None), "exited with status 3", id="status-3"),
        pytest.param(Exit(None, 9), "was killed by SIGKILL", id="signal"),
        pytest.param(Exit(None, 9, True), "was killed by SIGKILL (out of memory)", id="memory"),
        pytest.param(Exit(None, 35), "was killed by signal 35", id="real-time-signal"),
        pytest.param(Exit(None, None), "was killed", id="unknown"),
    ],
)
def test_an_exit_is_described(ended: Exit, words: str) -> None:
    assert ended.describe() == words


@pytest.fixture
def program() -> Program:
    return Program("a/1", Path("/env/bin/python"), Path("/code"), ("main.py",), {"LANG": "de", "X": "1"}, 8080)


def test_the_environment_holds_the_network_of_the_machine_and_nothing_of_its_user(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/root/.pyenv/shims:/usr/games:/home/me/bin:/usr/bin:/usrx:.:")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    environment = base_environment(program, "/home/x", "/tmp", walled=True)
    system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin"
    assert environment["PATH"] == f"/env/bin:/usr/games:/usr/bin:{system}"
    assert base_environment(program, "/x", "/tmp", walled=False)["PATH"] == f"/env/bin:{os.environ['PATH']}"
    assert environment["HTTPS_PROXY"] == "http://proxy:3128"
    assert (environment["HOME"], environment["TMPDIR"]) == ("/home/x", "/tmp")
    assert (environment["LANG"], environment["X"]) == ("de", "1")
    assert "AWS_SECRET_ACCESS_KEY" not in environment


def test_learned_modules_are_remembered_for_the_same_runtime_only(program: Program, tmp_path: Path) -> None:
    learned = Preload(Home(tmp_path))
    assert learned.of(program) is None
    learned.remember(program, ["a", "b"])
    assert Preload(Home(tmp_path)).of(program) == ["a", "b"]
    assert learned.of(replace(program, key="a/2", code=program.code.with_name("next"))) == ["a", "b"]
    assert learned.of(replace(program, key="b/1", code=Path("/of/another"))) is None


@pytest.mark.parametrize("text", ["", "[", "{}", "3"])
def test_a_broken_file_of_learned_modules_is_as_good_as_none(text: str, program: Program, tmp_path: Path) -> None:
    learned = Preload(Home(tmp_path))
    learned.remember(program, ["a"])
    next((tmp_path / "learned").iterdir()).write_text(text)
    assert learned.of(program) is None
