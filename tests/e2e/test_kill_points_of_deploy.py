"""kill -9 at every AWS call of a first deploy; the next deploy leaves one of each, complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.kills import killed_at_every_call
from tests.e2e.laboratory import laboratory
from tests.stage.account import Account


@pytest.mark.timeout(900)
def test_a_first_deploy_killed_at_any_call_is_completed_by_the_next(aws: Account, tmp_path: Path) -> None:
    faults = []
    with laboratory(aws, tmp_path / "project", options=["--no-smoke"]) as lab:
        calls = lab.calls_of(*lab.deploying)
        assert len(calls) > 8
        lab.destroy()
        for point in killed_at_every_call(lab, lab.deploying, calls, lab.forget):
            found = lab.faults_of_deployed()
            lab.destroy()
            faults += [f"{point}: {fault}" for fault in (*found, *lab.faults_of_destroyed())]
    assert faults == []
