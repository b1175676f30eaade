"""kill -9 at every AWS call of a destroy; the next destroy leaves nothing of ours and all of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.kills import killed_at_every_call
from tests.e2e.laboratory import laboratory
from tests.stage.account import Account


@pytest.mark.timeout(900)
def test_a_destroy_killed_at_any_call_is_completed_by_the_next(aws: Account, tmp_path: Path) -> None:
    with laboratory(aws, tmp_path / "project", options=["--no-smoke"]) as lab:
        lab.deploy()
        calls = lab.calls_of("destroy", "--yes")
        assert len(calls) > 5
        points = killed_at_every_call(lab, ("destroy", "--yes"), calls, lab.deploy)
        assert [f"{point}: {fault}" for point in points for fault in lab.faults_of_destroyed()] == []
