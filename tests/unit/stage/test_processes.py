"""A process of the stage is up when it says so, and ends when it is told to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.stage import processes


def test_a_process_is_started_and_stopped(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = f"import pathlib, time; pathlib.Path({str(ready)!r}).touch(); print('up', flush=True); time.sleep(60)"
    pid = processes.start("one", [sys.executable, "-c", script], tmp_path, ready.exists)
    assert Path(f"/proc/{pid}").exists()
    processes.stop("one", tmp_path)
    assert not Path(f"/proc/{pid}").exists()
    processes.stop("one", tmp_path)


def test_one_that_ends_early_tells_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no port free"):
        processes.start("one", [sys.executable, "-c", "raise SystemExit('no port free')"], tmp_path, lambda: False)
    assert not (tmp_path / "one.pid").exists()
