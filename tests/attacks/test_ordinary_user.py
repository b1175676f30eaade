"""A user without rights gets the same walls from a user namespace, or is told why not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
NOBODY = 65534
PYTHON = "/usr/bin/python3"  # one that every user may run


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of nobody's, with a copy of the code that nobody may read."""
    root = Path(tempfile.mkdtemp(prefix="agentcore-nobody-"))
    shutil.copytree(REPOSITORY / "agentcore_cli", root / "agentcore_cli", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "tests", root / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "state").mkdir()
    for path in (root, root / "state"):
        path.chmod(0o755)
        os.chown(path, NOBODY, NOBODY)
    yield root
    shutil.rmtree(root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
def test_nobody_gets_a_user_namespace_or_a_reason(folder: Path) -> None:
    if subprocess.run([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]).returncode:
        pytest.skip(f"{PYTHON} is older than 3.11")
    seen = run_as_nobody(folder)
    assert seen["left"] == []
    assert seen["signal"] == 15
    if seen["level"] == "process":
        assert seen["reason"]
        assert seen["seen"]["command"] == [str(NOBODY), "own", "500"]
        return
    assert seen["seen"]["user"] == 1000
    assert seen["seen"]["command"] == ["1000", "own", "500"]
    assert seen["reason"] == ""
    assert seen["seen"]["processes"] == ["1", "2"]
    assert seen["seen"]["umount"] == -1
    assert seen["seen"]["home"] is False


def run_as_nobody(folder: Path) -> Any:
    script = folder / "tests" / "attacks" / "unprivileged_process.py"
    result = subprocess.run(
        ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", PYTHON, script, folder / "state"],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": os.defpath, "HOME": str(folder / "state")},
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
