"""kill -9 at every point of a deploy and of a destroy; the next one leaves one of each, or nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.home import Home

REPOSITORY = Path(__file__).parents[4]
PROGRAM = Path(__file__).with_name("kill_points.py")
SECONDS = 800  # of the 900 that a long test has; it takes 40 on a machine that does nothing else


def at_every_point(verb: str, folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, PROGRAM, verb, folder],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.long
def test_a_deploy_killed_anywhere_is_completed_by_the_next(home: Home, tmp_path: Path) -> None:
    points = at_every_point("deploy", tmp_path / "project")
    assert len(points) > 15
    for point in points:
        expected = {"version": "1", "pending": 0, "inventory": [["READY", 1, "1"]], "left": [0, 0]}
        assert point == {"point": point["point"], **expected}


@pytest.mark.long
def test_a_destroy_killed_anywhere_is_completed_by_the_next(home: Home, tmp_path: Path) -> None:
    points = at_every_point("destroy", tmp_path / "project")
    assert len(points) > 10
    for point in points:
        assert point == {"point": point["point"], "left": [0, 0]}
