"""Folders that are gone, made again, or can't be read for a while: what is saved in them later is told all the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from agentcore_cli.operations.dev.watch import Save, SaveWatch, SystemNotices, WatchedFiles

SOON = 30.0  # seconds; what is not told by then never is


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project" / "sub").mkdir(parents=True)
    (tmp_path / "project" / "agent.py").write_text("1\n")
    (tmp_path / "project" / "sub" / "x.py").write_text("1\n")
    return tmp_path / "project"


@pytest.fixture
def stopping() -> Iterator[threading.Event]:
    stopping = threading.Event()
    late = threading.Timer(SOON, stopping.set)
    late.start()
    yield stopping
    late.cancel()
    late.join()


@pytest.fixture
def saves(root: Path, stopping: threading.Event) -> Iterator[Save]:
    saves = SaveWatch(WatchedFiles(root, (), lambda: ()), stopping).saves()
    assert not next(saves).names, "it watches now"
    return saves


def _make_again(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def _move_and_make(folder: Path) -> None:
    folder.rename(folder.parent.parent / "away")
    folder.mkdir()


def _replace(folder: Path) -> None:
    beside = folder.parent / "beside"
    shutil.copytree(folder, beside)
    shutil.rmtree(folder)
    beside.rename(folder)


def _bring_back_after_a_while(folder: Path) -> None:
    away = folder.with_name("away")
    folder.rename(away)
    threading.Timer(0.2, away.rename, [folder]).start()


@pytest.mark.parametrize("folder", [".", "sub"])
@pytest.mark.parametrize(
    "change", [_make_again, _move_and_make, _replace, _bring_back_after_a_while], ids=lambda change: change.__name__
)
def test_a_folder_that_is_another_one_is_watched_anew(
    root: Path, saves: Iterator[Save], stopping: threading.Event, change: Callable[[Path], None], folder: str
) -> None:
    change(root / folder)
    while next(saves).names or not (root / folder).is_dir():
        pass
    (root / folder / "second.py").write_text("2\n")
    name = f"{folder}/second.py".removeprefix("./")
    assert any(name in save.names or not save.names for save in saves)
    (root / folder / "second.py").write_text("3\n")
    assert any(name in save.names for save in saves)


def test_a_folder_that_is_made_while_the_watch_is_built_is_watched(root: Path, stopping: threading.Event) -> None:
    def notices(folders: Collection[Path], stopping: threading.Event) -> SystemNotices:
        (root / "late").mkdir(exist_ok=True)
        return SystemNotices(folders, stopping)

    saves = SaveWatch(WatchedFiles(root, (), lambda: ()), stopping, notices=notices).saves()
    next(saves)
    (root / "late" / "x.py").write_text("1\n")
    assert "late/x.py" in next(saves).names


def test_what_cannot_be_packed_hides_no_folder_from_the_watch(root: Path) -> None:
    (root / "sub" / "link.py").symlink_to("nowhere.py")
    (root / "sub" / "round").symlink_to("..")
    (root / os.fsdecode(b"caf\xe9") / "deeper").mkdir(parents=True)  # the library takes UTF-8 alone
    assert WatchedFiles(root, (), lambda: ()).folders() == {root, root / "sub"}


def test_an_ignore_file_that_cannot_be_read_hides_nothing(root: Path, saves: Iterator[Save], tmp_path: Path) -> None:
    (tmp_path / "outside").touch()
    (root / ".dockerignore").symlink_to(tmp_path / "outside")
    assert ".dockerignore" in next(saves).names
    while next(saves).names:  # until it watches anew
        pass
    (root / "agent.py").write_text("2\n")
    assert "agent.py" in next(saves).names


@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_where_no_watches_are_left_files_are_compared(root: Path, limit: str) -> None:
    told = subprocess.run(
        ["unshare", "--user", "--map-root-user", sys.executable, "-c", _WITHOUT_WATCHES, limit, root],
        capture_output=True,
        text=True,
        timeout=4 * SOON,
        check=False,
    )
    if "unshare" in told.stderr:
        pytest.skip(told.stderr)
    assert told.stdout == f"{root}/agent.py\n", told.stderr


_WITHOUT_WATCHES = """
import os, sys, threading, time
from pathlib import Path
from agentcore_cli.operations.dev.watch import SystemNotices
limit, root = sys.argv[1:]
Path("/proc/sys/user", limit).write_text("0")
notices = SystemNotices([Path(root), Path(root, "sub")], threading.Event())
os.utime(Path(root, "agent.py"), (time.time() + 10,) * 2)
while not (told := notices.within(1.0)):
    pass
print(*told)
"""
