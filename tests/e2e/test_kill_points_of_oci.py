"""kill -9 at every change, and every call to ECR, of a first deploy that builds its image; the next completes it.

The control plane is moto's, which runs nothing. What is asked of the registry: `functional/oci/test_kill_points.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.kills import changes, killed_at_every_call
from tests.e2e.laboratory import laboratory
from tests.fakes.moto_runtimes import MotoRuntimes
from tests.local_runtime import RunningServer
from tests.stage.account import account
from tests.stage.machine import Machine
from tests.stand_ins import Moto


@pytest.mark.timeout(900)
def test_a_first_deploy_killed_at_any_call_is_completed_by_the_next(
    stage: Machine, moto: Moto, server: RunningServer, tmp_path: Path
) -> None:
    faults = []
    with (
        account(moto, server, registry=stage.ecr, control=MotoRuntimes()) as aws,
        laboratory(aws, tmp_path / "project", build="oci", options=("--no-smoke",)) as lab,
    ):
        every = lab.calls_of(*lab.deploying)
        calls = [call for call in every if call.service == "ecr" or call in changes(every)]
        assert {"ecr:CreateRepository", "ecr:GetAuthorizationToken"} <= {call.name for call in calls}
        lab.destroy()
        for point in killed_at_every_call(lab, lab.deploying, calls, lab.forget):
            found = lab.faults_of_deployed()
            lab.destroy()
            faults += [f"{point}: {fault}" for fault in (*found, *lab.faults_of_destroyed())]
    assert faults == []
