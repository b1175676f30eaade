"""kill -9 before and after every AWS call that changes something, in a deploy of code and in its end.

A first deploy, one of a changed line, and a destroy; the calls that only look are those of the other builders, too.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.agents import PLAIN_AGENT, change_one_line, write_agent
from tests.e2e.laboratory import Laboratory, laboratory
from tests.fakes.aws_calls import Call
from tests.fakes.aws_faults import kill_after, kill_before, named
from tests.local_runtime import RunningServer
from tests.stage.account import account
from tests.stand_ins import Moto

KILLS = {"before": kill_before, "after": kill_after}


@pytest.fixture
def lab(moto: Moto, server: RunningServer, tmp_path: Path) -> Iterator[Laboratory]:
    """No engine and no registry: a zip needs none."""
    with account(moto, server) as aws, laboratory(aws, tmp_path / "project", build="zip") as opened:
        yield opened


def changes(calls: list[Call]) -> list[Call]:
    return [call for call in calls if not call.operation.startswith(("Get", "List", "Describe"))]


def killed_at_every_call(
    lab: Laboratory, command: list[str], calls: list[Call], begin: Callable[[], None], end: Callable[[], list[str]]
) -> list[str]:
    """What was found wrong after `command` was killed at each of `calls` and run again."""
    faults = []
    for call in calls:
        for moment, kill in KILLS.items():
            begin()
            lab.account.proxy.begin_anew()
            lab.account.proxy.interfere(named(call.name, call.occurrence), kill(lab.command.pid))
            killed = lab.try_to(*command).returncode
            lab.account.proxy.begin_anew()
            lab.command.run(*command)
            point = f"{moment} {call.name} {call.occurrence}"
            faults += [f"{point}: not killed"] * (killed != -signal.SIGKILL)
            faults += [f"{point}: {fault}" for fault in end()]
    return faults


@pytest.mark.timeout(900)
def test_a_first_deploy_killed_at_any_call_is_completed_by_the_next(lab: Laboratory) -> None:
    def end() -> list[str]:
        found = lab.faults_of_deployed()
        lab.destroy()
        return found + lab.faults_of_destroyed()

    calls = changes(lab.calls_of("deploy"))
    assert {"s3:CreateBucket", "s3:PutBucketPolicy", "s3:PutObject"} <= {call.name for call in calls}
    lab.destroy()
    assert killed_at_every_call(lab, ["deploy", "--yes"], calls, lab.forget, end) == []


@pytest.mark.timeout(900)
def test_a_changed_line_killed_at_any_call_is_one_version_more(lab: Laboratory) -> None:
    folder = lab.command.folder

    def begin() -> None:
        write_agent(folder, PLAIN_AGENT)
        lab.deploy()
        change_one_line(folder)

    def end() -> list[str]:
        (bucket,) = lab.added()["buckets"].values()
        (runtime,) = lab.added()["runtimes"].values()
        wrong = [f"objects {bucket['objects']}"] * (list(bucket["objects"].values()) != [1, 1])
        wrong += [f"{runtime['versions']} versions"] * (runtime["versions"] != 2)
        lab.destroy()
        return wrong + lab.faults_of_destroyed()

    begin()
    calls = changes(lab.calls_of("deploy", "--yes"))
    assert {"s3:PutObject", "bedrock-agentcore:UpdateAgentRuntime"} <= {call.name for call in calls}
    lab.destroy()
    assert killed_at_every_call(lab, ["deploy", "--yes"], calls, begin, end) == []


@pytest.mark.timeout(900)
def test_a_destroy_killed_at_any_call_is_completed_by_the_next(lab: Laboratory) -> None:
    def begin() -> None:
        lab.deploy()

    begin()
    calls = changes(lab.calls_of("destroy", "--yes"))
    assert {"s3:DeleteObjects", "s3:DeleteBucket"} <= {call.name for call in calls}
    assert killed_at_every_call(lab, ["destroy", "--yes"], calls, begin, lab.faults_of_destroyed) == []
