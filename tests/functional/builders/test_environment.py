"""Environments made by the real uv, from wheels that lie beside the requirements."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agentcore_cli.builders.packages import environment, interpreters
from agentcore_cli.builders.packages.environment import Environment
from agentcore_cli.builders.packages.interpreters import Interpreter
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import AgentcoreError, InputError
from tests.fakes.private_index import private_index
from tests.fakes.wheel import make_wheel


@pytest.fixture
def interpreter() -> Interpreter:
    return interpreters.find(f"3.{sys.version_info[1]}")


@pytest.fixture
def requirements(tmp_path: Path) -> Requirements:
    make_wheel(tmp_path, "demo")
    (tmp_path / "requirements.txt").write_text("./demo-1.0-py3-none-any.whl\n")
    return Requirements(tmp_path, "requirements.txt")


def build(folder: Path, requirements: Requirements | None, interpreter: Interpreter) -> Environment:
    return environment.build(folder, requirements, interpreter, tell=lambda line: None, stopping=lambda: False)


def ask(made: Environment, code: str) -> str:
    return subprocess.run([made.python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_packages_are_installed_copied_and_compiled(
    tmp_path: Path, requirements: Requirements, interpreter: Interpreter
) -> None:
    made = build(tmp_path / "environments", requirements, interpreter)
    assert ask(made, "import demo; print(demo.answer)") == "42"
    assert made.has("demo")
    assert not made.has("uvicorn")
    (module,) = made.path.glob("lib/*/site-packages/demo.py")
    assert module.stat().st_nlink == 1
    assert list(made.path.glob("lib/*/site-packages/__pycache__/demo.*.pyc"))
    assert ask(made, "import sys; print(sys.prefix)") == str(made.path)


def test_nothing_asked_for_is_an_environment_without_packages(tmp_path: Path, interpreter: Interpreter) -> None:
    made = build(tmp_path / "environments", None, interpreter)
    assert ask(made, "import sys; print(sys.version_info[:2])") == str(sys.version_info[:2])
    assert not list(made.path.glob("lib/*/site-packages/*.dist-info"))


def test_the_same_is_made_once(tmp_path: Path, requirements: Requirements, interpreter: Interpreter) -> None:
    folder = tmp_path / "environments"
    first = build(folder, requirements, interpreter)
    born = first.path.stat().st_ino
    assert build(folder, requirements, interpreter) == first
    assert first.path.stat().st_ino == born


def test_two_builds_at_once_both_end_with_a_whole_one(
    tmp_path: Path, requirements: Requirements, interpreter: Interpreter
) -> None:
    folder, made = tmp_path / "environments", []
    threads = [threading.Thread(target=lambda: made.append(build(folder, requirements, interpreter))) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made[0] == made[1]
    assert [path.name for path in folder.glob("[!.]*")] == [made[0].key]
    assert ask(made[0], "import demo; print(demo.answer)") == "42"


def test_what_a_killed_build_left_is_never_taken_for_whole_and_goes(
    tmp_path: Path, requirements: Requirements, interpreter: Interpreter
) -> None:
    folder = tmp_path / "environments"
    ended = subprocess.Popen(["true"])
    ended.wait()
    (folder / f".partial-{ended.pid}-x" / "bin").mkdir(parents=True)
    (folder / f".partial-{os.getpid()}-y" / "bin").mkdir(parents=True)
    made = build(folder, requirements, interpreter)
    assert {path.name for path in folder.iterdir()} == {made.key, f".{made.key}.used", f".partial-{os.getpid()}-y"}


def test_an_environment_whose_python_is_gone_is_made_anew(
    tmp_path: Path, requirements: Requirements, interpreter: Interpreter
) -> None:
    folder = tmp_path / "environments"
    made = build(folder, requirements, interpreter)
    made.python.unlink()
    made.python.symlink_to("/nowhere/python")
    assert environment.find(folder, made.key) is None
    assert ask(build(folder, requirements, interpreter), "import demo; print(demo.answer)") == "42"


@pytest.mark.parametrize("text", ["demo==\n", "./demo-1.0-py3-none-any.whl\ndemo==2\n"], ids=["malformed", "conflict"])
def test_what_cannot_be_installed_leaves_nothing(
    tmp_path: Path, requirements: Requirements, interpreter: Interpreter, text: str
) -> None:
    requirements.path.write_text(text)
    folder = tmp_path / "environments"
    with pytest.raises(InputError, match="the requirements can't be installed"):
        build(folder, requirements, interpreter)
    assert list(folder.iterdir()) == []


def test_a_build_stops_when_it_is_told_to(tmp_path: Path, requirements: Requirements, interpreter: Interpreter) -> None:
    folder = tmp_path / "environments"
    with pytest.raises(AgentcoreError, match="interrupted"):
        environment.build(folder, requirements, interpreter, tell=lambda line: None, stopping=lambda: True)
    assert list(folder.iterdir()) == []


def test_progress_is_told(tmp_path: Path, requirements: Requirements, interpreter: Interpreter) -> None:
    told: list[str] = []
    folder = tmp_path / "environments"
    environment.build(folder, requirements, interpreter, tell=told.append, stopping=lambda: False)
    assert any(line.startswith("Installed 1 package") for line in told)


def test_the_choices_of_the_callers_shell_do_not_lead_it_elsewhere(
    tmp_path: Path, requirements: Requirements, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "mine"))
    monkeypatch.setenv("UV_SYSTEM_PYTHON", "1")
    monkeypatch.setenv("UV_PYTHON", "3.99")
    assert build(tmp_path / "environments", requirements, interpreter).has("demo")


def test_an_index_that_lets_nobody_in_is_told_also_where_pip_has_several(
    tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all indexes are looked at, as pip does, uv passes over it without a word."""
    index, settings = tmp_path / "index", tmp_path / "pip.conf"
    (index / "internal").mkdir(parents=True)
    make_wheel(index / "internal", "internal")
    (tmp_path / "requirements.txt").write_text("internal\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path))
    with private_index(index) as address, private_index(tmp_path) as other:
        settings.write_text(f"[global]\nindex-url = http://{other}/\nextra-index-url = http://{address}/\ncert =\n")
        with pytest.raises(InputError) as caught:
            build(tmp_path / "environments", Requirements(tmp_path, "requirements.txt"), interpreter)
    assert "401" in caught.value.message
    assert "give the index your user and password" in (caught.value.hint or "")
