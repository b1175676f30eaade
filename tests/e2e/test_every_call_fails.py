"""AWS throttles, fails, loses answers, refuses: each on every call of a deploy and of a destroy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.e2e.kills import changes
from tests.e2e.laboratory import Laboratory, laboratory, said
from tests.fakes import aws_answers
from tests.fakes.aws_calls import Call
from tests.fakes.aws_faults import after_number, instead, named, reset_after, reset_before, silent_for
from tests.fakes.aws_proxy import Harm, Matches
from tests.stage.account import Account

TRANSIENT: dict[str, Harm] = {
    "throttled": instead(aws_answers.throttled),
    "failed": instead(aws_answers.failed),
    "bad gateway": instead(aws_answers.bad_gateway),
    "reset before": reset_before,
    "reset after": reset_after,
}


@pytest.fixture
def lab(aws: Account, tmp_path: Path) -> Iterator[Laboratory]:
    with laboratory(aws, tmp_path / "project", options=["--no-smoke"]) as opened:
        yield opened


def first_attempts() -> Matches:
    """The first attempt of every call: what a call is shows in its name and its resource."""
    seen: set[tuple[str, str]] = set()

    def is_first(call: Call) -> bool:
        key = (call.name, call.resource)
        return key not in seen and not seen.add(key)

    return is_first


@pytest.mark.timeout(600)
def test_what_passes_is_waited_out_and_makes_nothing_twice(lab: Laboratory) -> None:
    """Every call comes to harm at its first attempt, all in one deploy, all in one destroy."""
    faults = []
    for kind, harm in TRANSIENT.items():
        lab.account.proxy.begin_anew()
        lab.account.proxy.interfere(first_attempts(), harm)
        lab.deploy()
        lab.account.proxy.begin_anew()
        faults += [f"{kind}: {fault}" for fault in lab.faults_of_deployed()]
        lab.account.proxy.interfere(first_attempts(), harm)
        lab.destroy()
        lab.account.proxy.begin_anew()
        faults += [f"{kind}: {fault}" for fault in lab.faults_of_destroyed()]
    assert faults == []


@pytest.mark.timeout(600)
def test_each_write_whose_answer_is_lost_is_made_once(lab: Laboratory) -> None:
    """One at a time, since a deploy that has lost several answers may mend one fault by another."""
    faults = []
    writes = changes(lab.calls_of(*lab.deploying))
    lab.destroy()
    for call in writes:
        lab.account.proxy.begin_anew()
        lab.account.proxy.interfere(named(call.name, call.occurrence), reset_after)
        lab.deploy()
        lab.account.proxy.begin_anew()
        faults += [f"{call.name}: {fault}" for fault in lab.faults_of_deployed()]
        lab.destroy()
    assert faults == []


@pytest.mark.timeout(300)
def test_a_runtime_whose_creation_is_met_with_silence_is_made_once(lab: Laboratory) -> None:
    """Longer than a client listens: the answer comes to nobody, and the call is made again with the same token."""
    lab.account.proxy.interfere(named("bedrock-agentcore:CreateAgentRuntime", 1), silent_for(35))
    lab.deploy()
    assert lab.account.proxy.names.count("bedrock-agentcore:CreateAgentRuntime") == 2
    lab.account.proxy.begin_anew()
    assert lab.faults_of_deployed() == []
    lab.destroy()


@pytest.mark.timeout(600)
def test_a_refused_deploy_names_action_and_resource_and_the_next_run_goes_on(lab: Laboratory) -> None:
    """Each action in turn, from an empty account: steps run in parallel, so what else was done differs."""
    faults = []
    for action in names_of(lab.calls_of(*lab.deploying)):
        lab.destroy()
        faults += refused(lab, action, "deploy")
        lab.deploy()
        faults += [f"{action}: {fault}" for fault in lab.faults_of_deployed()]
    lab.destroy()
    assert faults == []


@pytest.mark.timeout(600)
def test_a_refused_destroy_names_action_and_resource_and_the_next_run_goes_on(lab: Laboratory) -> None:
    faults = []
    lab.deploy()
    for action in names_of(lab.calls_of("destroy", "--yes")):
        lab.deploy()
        faults += refused(lab, action, "destroy")
        lab.destroy()
        faults += [f"{action}: {fault}" for fault in lab.faults_of_destroyed()]
    assert faults == []


def names_of(calls: Sequence[Call]) -> list[str]:
    return list(dict.fromkeys(call.name for call in calls))


def refused(lab: Laboratory, action: str, verb: str) -> list[str]:
    """Run with this action refused; what is wrong with how that is told."""
    lab.account.proxy.begin_anew()
    lab.account.proxy.interfere(named(action), instead(aws_answers.access_denied))
    done = lab.try_to("--json", *(lab.deploying if verb == "deploy" else (verb, "--yes")))
    denied = [call for call in lab.account.proxy.calls if call.name == action]
    lab.account.proxy.begin_anew()
    if done.returncode != 3:
        return [f"{verb} without {action}: exit {done.returncode}: {done.stderr[-300:]}"]
    told = json.dumps(said(done))
    missing = [word for word in (action, denied[0].resource) if word not in told]
    return [f"{verb} without {action}: {word} is not named: {told}" for word in missing]


@pytest.mark.timeout(600)
def test_credentials_that_expire_midway(lab: Laboratory) -> None:
    """After every second call of a deploy; with new ones the next run goes on."""
    count = len(lab.calls_of(*lab.deploying))
    lab.destroy()
    for number in range(1, count, 2):
        lab.account.proxy.begin_anew()
        lab.account.proxy.interfere(after_number(number), instead(aws_answers.expired_token))
        done = lab.try_to("--json", *lab.deploying)
        lab.account.proxy.begin_anew()
        assert done.returncode == 3, (number, done.stdout, done.stderr)
        assert "expired" in said(done)["message"]
        lab.deploy()
        assert lab.faults_of_deployed() == []
        lab.destroy()
        assert lab.faults_of_destroyed() == []
