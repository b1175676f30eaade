"""Where a path leads, link by link, and what of an interpreter is shown."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox.worker import interpreter, paths

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="O_PATH is Linux's")


def test_links_on_the_way_are_named_and_the_end_is_open(tmp_path: Path) -> None:
    (tmp_path / "real" / "folder").mkdir(parents=True)
    (tmp_path / "alias").symlink_to("real")
    (tmp_path / "real" / "up").symlink_to("../alias/folder")
    traced = paths.trace(str(tmp_path / "alias" / "up"))
    assert traced is not None
    os.close(traced.descriptor)
    assert traced.place == str(tmp_path / "real" / "folder")
    assert traced.is_folder
    assert traced.links == (
        (str(tmp_path / "alias"), "real"),
        (str(tmp_path / "real" / "up"), "../alias/folder"),
        (str(tmp_path / "alias"), "real"),
    )


@pytest.mark.parametrize("target", ["loop", "absent"])
def test_what_leads_nowhere_is_nothing(target: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(target)
    before = len(os.listdir("/proc/self/fd"))
    assert paths.trace(str(tmp_path / "loop")) is None
    assert len(os.listdir("/proc/self/fd")) == before


def made(folder: Path) -> Path:
    """An interpreter in `folder`, as far as its files go."""
    (folder / "bin").mkdir(parents=True)
    (folder / "lib" / "python3.13").mkdir(parents=True)
    (folder / "lib" / "python3.13" / "os.py").touch()
    (folder / "bin" / "python3.13").touch()
    return folder / "bin" / "python3.13"


def test_an_environment_brings_the_interpreter_that_it_was_made_from(tmp_path: Path) -> None:
    base = made(tmp_path / "base")
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").symlink_to(base)
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {base.parent}\n")
    shown = interpreter.places(str(tmp_path / "env" / "bin" / "python"), [str(tmp_path / "home")])
    assert {str(tmp_path / "env"), str(tmp_path / "base"), str(base.parent)} <= set(shown)


def test_what_an_environment_calls_its_home_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "bin" / "python").symlink_to(made(tmp_path / "base"))
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {tmp_path / 'private'}\n")
    assert str(tmp_path / "private") not in interpreter.places(str(tmp_path / "env" / "bin" / "python"), [])


def test_a_home_that_holds_an_interpreter_is_not_shown_with_it(tmp_path: Path) -> None:
    program = made(tmp_path)
    shown = interpreter.places(str(program), [str(tmp_path)])
    assert str(tmp_path) not in shown
    assert {str(program), str(tmp_path / "lib" / "python3.13")} <= set(shown)
