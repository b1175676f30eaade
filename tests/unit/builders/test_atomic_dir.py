"""Folders that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentcore_cli.builders import atomic_dir as beside


def test_it_is_there_when_the_block_has_ended_and_others_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        with beside.filled(tmp_path / "made") as partial:
            (partial / "file").write_text("x")
            assert not (tmp_path / "made").exists()
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o755


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with beside.filled(tmp_path / "made"):
            raise ValueError("no disk")

    with pytest.raises(ValueError, match="no disk"):
        fail()
    assert list(tmp_path.iterdir()) == []
