"""What wakes us when files change, and what is told then; with the system's own notices."""

from __future__ import annotations

import errno
import os
import resource
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agentcore_cli.operations.dev.folder_events import FolderEvents
from agentcore_cli.operations.dev.watch import SystemNotices
from tests.local_runtime import eventually

AT_ONCE, SOON = 0.0, 30.0  # seconds


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "agent.py"
    file.write_text("1\n")
    return file


@pytest.fixture
def events(file: Path) -> Iterator[FolderEvents]:
    with closing(FolderEvents([file.parent])) as events:
        yield events


def _write(file: Path) -> None:
    file.write_text("2\n")


def _append(file: Path) -> None:
    with file.open("a") as stream:
        stream.write("3\n")


def _make(file: Path) -> None:
    (file.parent / "other.py").touch()


def _replace(file: Path) -> None:
    beside = file.parent.parent / "beside"
    beside.write_text("2\n")
    beside.replace(file)


def _remove(file: Path) -> None:
    file.unlink()


def _touch(file: Path) -> None:
    os.utime(file)


def _move_away(file: Path) -> None:
    file.rename(file.parent.parent / "away.py")


def _remove_folder(file: Path) -> None:
    file.unlink()
    file.parent.rmdir()


CHANGES = [_write, _append, _make, _replace, _remove, _touch, _move_away, _remove_folder]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_each_kind_of_change_wakes_once(tmp_path: Path, change: Callable[[Path], None]) -> None:
    (folder := tmp_path / "project").mkdir()
    (folder / "agent.py").write_text("1\n")
    with closing(FolderEvents([folder])) as events:
        assert not events.wait(AT_ONCE)
        change(folder / "agent.py")
        assert events.wait(SOON)
        assert not events.wait(AT_ONCE)


def test_reading_and_what_lies_deeper_wake_nobody(file: Path, tmp_path: Path) -> None:
    (deeper := tmp_path / "deeper").mkdir()
    with closing(FolderEvents([tmp_path])) as events:
        file.read_text()
        list(tmp_path.iterdir())
        (deeper / "x.py").touch()
        assert not events.wait(AT_ONCE)


def test_a_change_wakes_who_waits_already(file: Path, events: FolderEvents) -> None:
    changing = threading.Timer(0.05, _write, [file])
    changing.start()
    assert events.wait(SOON)
    changing.join()


def test_a_folder_that_is_gone_and_no_more_to_be_had_are_told_and_leave_nothing(tmp_path: Path) -> None:
    opened = set(os.listdir("/dev/fd"))
    with pytest.raises(FileNotFoundError):
        FolderEvents([tmp_path, tmp_path / "gone"])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            FolderEvents([tmp_path])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert set(os.listdir("/dev/fd")) == opened


@pytest.fixture(params=["woken", "looking", "polling"])
def notices(request: pytest.FixtureRequest, file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SystemNotices]:
    if request.param == "polling":
        monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "true")
    wake = _none_to_be_had if request.param == "looking" else FolderEvents
    with closing(SystemNotices([file.parent], threading.Event(), wake)) as notices:
        yield notices


def _none_to_be_had(folders: Iterable[Path]) -> FolderEvents:
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def test_what_has_changed_is_told_however_it_is_noticed(file: Path, notices: SystemNotices) -> None:
    assert notices.within(0.01) == set()
    _write(file)
    os.utime(file, (time.time() + 10,) * 2)  # polling compares times, in whole seconds
    told: set[str] = set()
    eventually(lambda: bool(told.update(notices.within(1.0)) or told), "the change is told")
    assert told == {str(file)}


def test_the_wait_ends_when_its_time_is_over(notices: SystemNotices) -> None:
    began = time.monotonic()
    assert notices.within(0.05) == set()
    assert time.monotonic() - began >= 0.04


def test_one_whose_folder_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SystemNotices([tmp_path / "gone"], threading.Event())
