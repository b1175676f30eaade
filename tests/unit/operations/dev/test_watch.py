"""Which saves are one, by a clock of the test's own, and what of a project is watched."""

from __future__ import annotations

import threading
from collections.abc import Collection
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from agentcore_cli.operations.dev.watch import TOGETHER_SECONDS, Save, SavedAgain, SaveWatch, WatchedFiles


class Script:
    """Notices that come at their times, in seconds; the clock stands at the end of each wait. Ends with the last."""

    def __init__(self, root: Path, *saved: tuple[float, str], stopping: threading.Event) -> None:
        self.now = 0.0
        self._left = [(at, str(root / name)) for at, name in saved]
        self._stopping = stopping

    def __call__(self, folders: Collection[Path], stopping: threading.Event) -> Script:
        return self

    def within(self, seconds: float) -> set[str]:
        until = self.now + seconds
        if not self._left and seconds > TOGETHER_SECONDS:
            self._stopping.set()
        if not self._left or self._left[0][0] > until:
            self.now = until
            return set()
        at, path = self._left.pop(0)
        self.now = max(self.now, at)
        return {path}

    def close(self) -> None:
        pass


def seen(root: Path, *saved: tuple[float, str], age: float = 0.0) -> list[tuple[list[str], float]]:
    """What is told, and when."""
    stopping = threading.Event()
    script = Script(root, *saved, stopping=stopping)
    files = WatchedFiles(root, {".agentcore.yaml"}, lambda: ())
    watch = SaveWatch(files, stopping, notices=script, now=lambda: script.now, age=lambda path: age)
    return [(whole(save), script.now) for save in watch.saves() if save.names]


def whole(save: Save) -> list[str]:
    """What is made of it, by one who begins anew as often as it takes."""
    while True:
        with suppress(SavedAgain):
            save.be_whole()
            return sorted(save.names)


@pytest.mark.parametrize(
    ("saved", "together"),
    [
        ([(1.0, "a.py"), (1.001, "a.py")], [["a.py"]]),
        ([(1.0, "a.py"), (1.02, "b.py"), (1.049, ".agentcore.yaml")], [[".agentcore.yaml", "a.py", "b.py"]]),
        ([(1.0, "a.py"), (1.06, "a.py")], [["a.py"], ["a.py"]]),
        ([(1.0, "a.py"), (1.04, "b.py"), (1.08, "c.py"), (1.12, "d.py")], [["a.py", "b.py"], ["c.py", "d.py"]]),
        ([(1.0, "__pycache__/a.pyc"), (1.04, "a.py"), (1.08, "b.py")], [["a.py", "b.py"]]),
        ([(1.0, "x.pyc")], []),
    ],
)
def test_saves_within_fifty_milliseconds_of_the_first_are_one(
    tmp_path: Path, saved: list[tuple[float, str]], together: list[list[str]]
) -> None:
    told = seen(tmp_path, *saved)
    assert [names for names, _ in told] == together
    assert all(later - earlier >= TOGETHER_SECONDS for (_, earlier), (_, later) in pairwise(told))


def test_what_an_editor_wrote_beside_a_file_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "a.py").touch()
    assert [names for names, _ in seen(tmp_path, (1.0, "sedX1"), (1.01, "a.py"))] == [["a.py"]]


def test_the_time_runs_from_the_save_and_not_from_when_it_is_told(tmp_path: Path) -> None:
    ((_, at),) = seen(tmp_path, (1.0, "a.py"), age=0.03)
    assert at == pytest.approx(1.0 + TOGETHER_SECONDS - 0.03)


def test_what_requirements_lead_to_is_watched_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    root, package = tmp_path / "project", tmp_path / "packages"
    (package / "src" / "kit").mkdir(parents=True)
    root.mkdir()
    (package / "pyproject.toml").write_text('[project]\nname = "kit"\nversion = "1"\n')
    (package / "src" / "kit" / "core.py").touch()
    (root / "requirements.txt").write_text("-r ../common.txt\n../packages\n")
    (tmp_path / "common.txt").write_text("")
    (tmp_path / "other.txt").write_text("")
    files = WatchedFiles(root, set(), lambda: {"requirements.txt"})
    assert files.folders() == {root, tmp_path, package, package / "src" / "kit"}
    assert files.name(package / "src" / "kit" / "core.py") == "../packages/src/kit/core.py"
    assert files.name(tmp_path / "common.txt") == "../common.txt"
    assert files.name(tmp_path / "other.txt") is None
    new = package / "src" / "kit" / "new.py"
    new.touch()
    assert files.name(new) == "../packages/src/kit/new.py"
    (package / "src" / "kit" / "core.py").unlink()
    assert files.name(package / "src" / "kit" / "core.py") == "../packages/src/kit/core.py"
    (root / "requirements.txt").write_text("../gone\n")
    assert root in files.folders(), "what is wrong with the requirements is told by the next deploy"
