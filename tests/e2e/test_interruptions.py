"""Ctrl-C at every AWS call of a deploy: it says what is there and how to go on, and the next deploy does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.laboratory import Laboratory, laboratory
from tests.fakes.aws_faults import interrupt, named
from tests.stage.account import Account

KINDS = {"roles": "role", "repositories": "repository", "runtimes": "runtime"}


@pytest.mark.timeout(900)
def test_ctrl_c_at_any_call_of_a_deploy(aws: Account, tmp_path: Path) -> None:
    faults = []
    with laboratory(aws, tmp_path / "project", options=["--no-smoke"]) as lab:
        calls = lab.calls_of(*lab.deploying)
        lab.destroy()
        for call in calls:
            lab.forget()
            aws.proxy.begin_anew()
            aws.proxy.interfere(named(call.name, call.occurrence), interrupt(lab.command.pid))
            done = lab.try_to(*lab.deploying)
            aws.proxy.begin_anew()
            point = f"{call.name} {call.occurrence}"
            if done.returncode != 130:
                faults.append(f"{point}: exit {done.returncode}: {done.stderr[-300:]}")
            faults += [f"{point}: does not say that {what} is there" for what in untold(lab, done.stderr)]
            if "agentcore deploy" not in done.stderr:
                faults.append(f"{point}: does not say how to go on: {done.stderr[-300:]}")
            lab.deploy()
            faults += [f"{point}: {fault}" for fault in lab.faults_of_deployed()]
            lab.destroy()
            faults += [f"{point}: {fault}" for fault in lab.faults_of_destroyed()]
    assert faults == []


def untold(lab: Laboratory, stderr: str) -> list[str]:
    """The kinds of things that are in the account and not named as there."""
    told = next((line for line in stderr.splitlines() if "there by now" in line), "")
    there = {KINDS[kind] for kind, things in lab.added().items() if things and kind in KINDS}
    return sorted(what for what in there if what not in told)
