"""Session storage is one session id's: nobody else reads it, and what is done to it leads nobody out of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.test_ordinary_user import PYTHON
from tests.attacks.theatre import USERS, theatre


@pytest.fixture(scope="module", params=USERS)
def played(request: pytest.FixtureRequest, code: Path) -> dict[str, Any]:
    """What both tests look at: it is played once as each user."""
    with theatre(request.param, code) as stage:
        if subprocess.run([PYTHON, "-c", "import msgspec"], cwd=code, stderr=subprocess.DEVNULL).returncode:
            pytest.skip(f"{PYTHON} is of another version than the one that runs the tests")
        told = json.loads(stage.run("storage_process.py"))
    if told["level"] != "namespaces":
        pytest.skip(f"level namespaces as {request.param}: {told['reason']}")
    played: dict[str, Any] = told["played"] | {"missing": told["missing"]}
    return played


def test_a_storage_is_one_session_s_and_its_removal_leads_nowhere(played: dict[str, Any]) -> None:
    assert played["left"] == "left"
    assert "/mnt/data" in played["by itself"]
    for other in ("by the second", "without storage", "by the third"):
        assert played[other] == [], other
    assert played["mounts"] == []
    assert played["options"] == ["nodev", "nosuid"]
    assert played["vandalized"] == "done"
    assert played["left on the disk"] == []
    assert played["canary"] == "alive"


def test_nothing_but_files_folders_and_links_comes_of_a_storage(played: dict[str, Any]) -> None:
    """No second name of a file, no pipe, socket or device, by whatever call: as AgentCore's storage has none."""
    if missing := {"landlock", "filter of system calls"}.intersection(played["missing"]):
        pytest.skip(", ".join(missing))
    assert played["kinds"] == []
