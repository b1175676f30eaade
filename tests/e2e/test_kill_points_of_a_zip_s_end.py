"""kill -9 at every change of a destroy of code; the next destroy leaves nothing of ours and all of theirs."""

from __future__ import annotations

import pytest

from tests.e2e.kills import changes, killed_at_every_call
from tests.e2e.laboratory import Laboratory


@pytest.mark.timeout(900)
def test_a_destroy_killed_at_any_call_is_completed_by_the_next(zip_lab: Laboratory) -> None:
    lab = zip_lab
    lab.deploy()
    calls = changes(lab.calls_of("destroy", "--yes"))
    assert {"s3:DeleteObjects", "s3:DeleteBucket"} <= {call.name for call in calls}
    points = killed_at_every_call(lab, ("destroy", "--yes"), calls, lab.deploy)
    assert [f"{point}: {fault}" for point in points for fault in lab.faults_of_destroyed()] == []
