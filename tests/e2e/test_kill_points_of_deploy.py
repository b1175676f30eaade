"""kill -9 before and after every AWS call of a first deploy; the next deploy leaves one of each, complete."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.laboratory import laboratory
from tests.fakes.aws_faults import kill_after, kill_before, named
from tests.stage.account import Account

KILLS = {"before": kill_before, "after": kill_after}


@pytest.mark.timeout(900)
def test_a_first_deploy_killed_at_any_call_is_completed_by_the_next(aws: Account, tmp_path: Path) -> None:
    faults = []
    with laboratory(aws, tmp_path / "project") as lab:
        calls = lab.calls_of("deploy")
        assert len(calls) > 8
        lab.destroy()
        for call in calls:
            for moment, kill in KILLS.items():
                lab.forget()
                aws.proxy.begin_anew()
                aws.proxy.interfere(named(call.name, call.occurrence), kill(lab.command.pid))
                killed = lab.try_to("deploy").returncode
                aws.proxy.begin_anew()
                lab.deploy()
                found = lab.faults_of_deployed()
                lab.destroy()
                found += lab.faults_of_destroyed()
                point = f"{moment} {call.name} {call.occurrence}"
                faults += [f"{point}: not killed"] * (killed != -signal.SIGKILL)
                faults += [f"{point}: {fault}" for fault in found]
    assert faults == []
