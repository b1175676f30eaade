"""Deploys to AWS with a finished image: what is made, what is called, what is asked, what is left alone."""

from __future__ import annotations

from agentcore_cli.engine import Action
from tests.functional.operations.aws_target.cloud import IMAGE, Cloud, Project
from tests.stand_ins import ACCOUNT, REGION

ROLE = "AmazonBedrockAgentCore-bot-"
LOOKS = [
    "bedrock-agentcore:GetAgentRuntime",
    "bedrock-agentcore:GetAgentRuntimeEndpoint",
    "bedrock-agentcore:ListTagsForResource",
    "iam:GetRole",
    "iam:GetRolePolicy",
]


def test_the_first_deploy_makes_role_and_runtime_and_asks_nothing(project: Project, cloud: Cloud) -> None:
    result = project.deploy()
    assert project.asked == []
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}
    (role,) = cloud.roles()
    assert role.startswith(ROLE)
    there = cloud.the_runtime()
    assert there["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/{role}"
    assert there["agentRuntimeArtifact"]["containerConfiguration"]["containerUri"] == IMAGE
    assert result.arn == f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/{result.runtime_id}"
    assert (result.artifact, result.ecr_uri) == (IMAGE.rpartition("@")[2], IMAGE)
    assert (result.version, result.endpoint, result.changed) == ("1", "DEFAULT", True)
    assert set(result.seconds) == {"role", "runtime", "start"}


def test_nothing_changed_is_five_looks_and_two_without_refresh(project: Project, cloud: Cloud) -> None:
    project.deploy()
    cloud.proxy.begin_anew()
    again = project.deploy()
    assert not again.changed
    assert sorted(cloud.proxy.names) == LOOKS
    cloud.proxy.begin_anew()
    assert project.plan(refresh=False).pending == ()
    assert sorted(cloud.proxy.names) == LOOKS[:2]


def test_a_destroy_leaves_nothing_and_runs_again(project: Project, cloud: Cloud) -> None:
    project.deploy()
    would = project.destroy(dry_run=True)
    assert [change.action for change in would.deletions] == [Action.DELETE] * 2
    done = project.destroy()
    assert [change.key for change in done.deletions] == ["runtime", "role"]
    assert (cloud.runtimes(), cloud.roles()) == ({}, [])
    assert project.destroy().deletions == ()
    assert not project.state.exists()


def test_a_first_deploy_is_few_calls(project: Project, cloud: Cloud) -> None:
    project.deploy()
    print(cloud.proxy.names)
    assert len(cloud.proxy.names) <= 14
