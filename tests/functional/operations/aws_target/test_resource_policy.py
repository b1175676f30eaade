"""Who else may call the runtime, from the config's file to the service, through deploys, drift and a destroy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentcore_cli.contract import endpoint_arn
from agentcore_cli.engine import Action
from agentcore_cli.errors import InputError
from tests.functional.operations.aws_target.cloud import Cloud, Project


@pytest.fixture
def open_project(project: Project) -> Project:
    project.allow_callers()
    project.configure(resource_policy="callers.json")
    return project


def policies(cloud: Cloud) -> list[Any]:
    arn = cloud.the_runtime()["agentRuntimeArn"]
    with cloud.agentcore() as client:
        resources = (arn, endpoint_arn(arn, "DEFAULT"))
        found = [json.loads(client.get_resource_policy(resourceArn=resource)["policy"]) for resource in resources]
    assert [policy["Statement"][0]["Resource"] for policy in found] == list(resources)
    return [policy["Statement"][0]["Action"] for policy in found]


def test_it_is_made_with_the_runtime_kept_widened_only_when_asked_and_gone_with_it(
    open_project: Project, cloud: Cloud
) -> None:
    assert ("resource_policy", Action.CREATE) in [(it.key, it.action) for it in open_project.plan().pending]
    open_project.deploy()
    assert policies(cloud) == ["bedrock-agentcore:InvokeAgentRuntime"] * 2
    assert open_project.plan().pending == ()
    open_project.allow_callers("bedrock-agentcore:*")
    open_project.deploy()
    assert open_project.asked[-1] == ("resource_policy",)
    assert policies(cloud) == ["bedrock-agentcore:*"] * 2
    assert [change.key for change in open_project.destroy().deletions][:2] == ["resource_policy", "runtime"]
    assert cloud.runtimes() == {}


@pytest.mark.parametrize("keeps_state", [True, False], ids=["with-state", "state-deleted"])
def test_one_that_was_changed_by_hand_is_named(open_project: Project, cloud: Cloud, keeps_state: bool) -> None:
    arn = open_project.deploy().arn
    with cloud.agentcore() as client:
        there = client.get_resource_policy(resourceArn=arn)["policy"].replace("InvokeAgentRuntime", "*")
        client.put_resource_policy(resourceArn=arn, policy=there)
    if not keeps_state:
        open_project.state.unlink()
    (change,) = (change for change in open_project.plan().pending if change.fields)
    assert (change.key, [it.field for it in change.fields]) == ("resource_policy", ["policy.Partners.Action"])
    open_project.deploy()
    assert open_project.plan().pending == ()


def test_without_the_key_it_is_taken_away_again_and_nobody_elses_is_looked_for(
    open_project: Project, cloud: Cloud
) -> None:
    arn = open_project.deploy().arn
    open_project.configure()
    open_project.deploy()
    with cloud.agentcore() as client, pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_resource_policy(resourceArn=arn)
    cloud.proxy.begin_anew()
    assert open_project.plan().pending == ()
    assert not [name for name in cloud.proxy.names if "ResourcePolicy" in name]


def test_a_file_that_is_no_policy_stops_a_deploy_before_anything_is_made(open_project: Project, cloud: Cloud) -> None:
    (open_project.root / "callers.json").write_text("{}")
    with pytest.raises(InputError, match="is not a policy with Version and Statement"):
        open_project.deploy()
    assert (cloud.runtimes(), cloud.roles()) == ({}, [])
