"""kill -9 before and after every request to the registry: never half an image, and the next push completes it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.functional.oci import push_kill_points
from tests.functional.oci.conftest import attestations_of, is_whole
from tests.registry_server import RegistryServer


@pytest.mark.long
def test_a_push_that_was_killed_is_completed_by_the_next(registry: RegistryServer, tmp_path: Path) -> None:
    repository = f"killed-{uuid.uuid4().hex[:8]}"
    program = [sys.executable, "-m", push_kill_points.__name__, str(tmp_path), registry.host, repository]
    ran = subprocess.run(program, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    points = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(points) > 40
    for point in points:
        assert not point["half"], point
        assert is_whole(registry, point["name"]), point
        assert attestations_of(registry, point["name"]).keys() == {
            "application/spdx+json",
            "application/vnd.in-toto+json",
        }
