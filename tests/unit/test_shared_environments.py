"""Which environments go, and which stay whatever their age."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from agentcore_cli import shared_environments
from agentcore_cli.shared_environments import KEPT_SECONDS, prune

NOW = time.time()
DAY = 86_400.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three of 100 bytes, used today, two and three days ago, and one that an older version made."""
    for days, name in enumerate(("today", "", "second", "third")):
        if name:
            made(tmp_path, name, days * DAY)
    (tmp_path / "older").mkdir()
    (tmp_path / ".partial-1-x").mkdir()
    return tmp_path


def made(folder: Path, name: str, age: float) -> None:
    (folder / name).mkdir()
    (folder / name / "module.py").write_text("x" * 100)
    shared_environments.note_made(folder / name)
    os.utime(folder / f".{name}.used", (NOW - age, NOW - age))


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("[!.]*")}


def test_all_stay_that_were_used_within_a_month(folder: Path) -> None:
    prune(folder, now=NOW)
    assert left(folder) == {"today", "second", "third", "older"}


def test_what_was_not_used_for_a_month_goes_with_its_mark(folder: Path) -> None:
    prune(folder, now=NOW + KEPT_SECONDS - 1.5 * DAY)
    assert left(folder) == {"today", "older"}
    assert not (folder / ".third.used").exists()


def test_the_oldest_go_when_all_are_too_large(folder: Path) -> None:
    prune(folder, now=NOW, most=250)
    assert left(folder) == {"today", "second", "older"}


def test_what_was_used_lately_stays_however_large(folder: Path) -> None:
    prune(folder, now=NOW, most=0)
    assert left(folder) == {"today", "older"}


def test_use_is_noted(folder: Path) -> None:
    shared_environments.note_use(folder / "third")
    prune(folder, now=NOW, most=250)
    assert left(folder) == {"today", "third", "older"}


def test_what_a_server_holds_stays(folder: Path) -> None:
    held = shared_environments.hold(folder / "third")
    assert held is not None
    prune(folder, now=NOW + 2 * KEPT_SECONDS)
    assert left(folder) == {"third"}
    os.close(held)
    prune(folder, now=NOW + 2 * KEPT_SECONDS)
    assert left(folder) == set()
