"""A service that fails, is slow, or goes away while we deploy."""

from __future__ import annotations

import threading

import pytest

from agentcore_cli.engine import Action
from agentcore_cli.errors import AgentcoreError, ConflictError, StillInProgressError
from agentcore_cli.events import Event, Step
from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from agentcore_cli.operations.deploy.deploy import DeployRequest, deploy
from tests.functional.operations.deploy.workshop import Workshop, inventory
from tests.local_runtime import RunningServer
from tests.processes import kill


def test_a_runtime_that_could_not_be_made_is_replaced_by_the_next_deploy(
    workshop: Workshop, server: RunningServer, home: Home
) -> None:
    server.local.arm_fault("create-failed", 1)
    with pytest.raises(AgentcoreError, match="CREATE_FAILED: "):
        workshop.deploy()
    failed = workshop.status()
    assert failed.failure
    assert "CREATE_FAILED" in failed.failure
    assert [change.action for change in failed.drift] == [Action.REPLACE]
    assert workshop.deploy().version == "1"
    assert list(inventory(home).values()) == [("READY", 1, "1")]


def test_a_deploy_that_takes_too_long_can_be_run_again(workshop: Workshop, server: RunningServer, home: Home) -> None:
    server.local.arm_fault("not-ready", 100_000)
    with pytest.raises(StillInProgressError) as caught:
        deploy(DeployRequest(timeout=1), workshop.selected, workshop.heard)
    assert caught.value.exit_code == 7
    assert workshop.selected.state.deployed("bot")
    server.local.arm_fault("not-ready", 1)
    workshop.deploy()
    assert list(inventory(home).values()) == [("READY", 1, "1")]


def test_without_waiting_the_deploy_ends_at_once_and_the_next_one_looks(workshop: Workshop, home: Home) -> None:
    result = deploy(DeployRequest(wait=False), workshop.selected, workshop.heard)
    assert result.version == "1"
    assert workshop.deploy().arn == result.arn
    assert list(inventory(home).values()) == [("READY", 1, "1")]


def test_throttling_is_waited_out(workshop: Workshop, server: RunningServer, home: Home) -> None:
    server.local.arm_fault("throttle", 3)
    workshop.deploy()
    assert list(inventory(home).values()) == [("READY", 1, "1")]


def test_a_server_that_dies_under_the_deploy_is_started_again(workshop: Workshop, home: Home) -> None:
    def kill_the_server(event: Event) -> None:
        if event == Step("runtime", "started", "create: not there yet"):
            there = daemon.running(home)
            assert there
            kill(there.pid)

    workshop.deploy(kill_the_server)
    assert list(inventory(home).values()) == [("READY", 1, "1")]


def test_of_two_deploys_at_once_one_is_done_and_the_other_says_so(workshop: Workshop, home: Home) -> None:
    errors: list[Exception] = []
    inside, outside = threading.Event(), threading.Event()

    def hold(event: Event) -> None:
        inside.set()
        outside.wait(60)

    first = threading.Thread(target=workshop.deploy, args=(hold,))
    first.start()
    inside.wait(60)
    try:
        workshop.deploy()
    except ConflictError as error:
        errors.append(error)
    outside.set()
    first.join()
    assert len(errors) == 1
    assert list(inventory(home).values()) == [("READY", 1, "1")]
