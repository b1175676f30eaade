"""kill -9 before and after every AWS call of a destroy; the next destroy leaves nothing of ours and all of theirs."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.laboratory import laboratory
from tests.fakes.aws_faults import kill_after, kill_before, named
from tests.stage.account import Account

KILLS = {"before": kill_before, "after": kill_after}


@pytest.mark.timeout(900)
def test_a_destroy_killed_at_any_call_is_completed_by_the_next(aws: Account, tmp_path: Path) -> None:
    faults = []
    with laboratory(aws, tmp_path / "project") as lab:
        lab.deploy()
        calls = lab.calls_of("destroy", "--yes")
        assert len(calls) > 5
        for call in calls:
            for moment, kill in KILLS.items():
                lab.deploy()
                aws.proxy.begin_anew()
                aws.proxy.interfere(named(call.name, call.occurrence), kill(lab.command.pid))
                killed = lab.try_to("destroy", "--yes").returncode
                aws.proxy.begin_anew()
                lab.destroy()
                point = f"{moment} {call.name} {call.occurrence}"
                faults += [f"{point}: not killed"] * (killed != -signal.SIGKILL)
                faults += [f"{point}: {fault}" for fault in lab.faults_of_destroyed()]
    assert faults == []
