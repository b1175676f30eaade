"""kill -9 at every change of a first deploy of code; the next deploy leaves one of each, complete."""

from __future__ import annotations

import pytest

from tests.e2e.kills import changes, killed_at_every_call
from tests.e2e.laboratory import Laboratory


@pytest.mark.timeout(900)
def test_a_first_deploy_killed_at_any_call_is_completed_by_the_next(zip_lab: Laboratory) -> None:
    lab = zip_lab
    calls = changes(lab.calls_of(*lab.deploying))
    assert {"s3:CreateBucket", "s3:PutBucketPolicy", "s3:PutObject"} <= {call.name for call in calls}
    lab.destroy()
    faults = []
    for point in killed_at_every_call(lab, lab.deploying, calls, lab.forget):
        found = lab.faults_of_deployed()
        lab.destroy()
        faults += [f"{point}: {fault}" for fault in (*found, *lab.faults_of_destroyed())]
    assert faults == []
