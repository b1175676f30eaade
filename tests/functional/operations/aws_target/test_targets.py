"""Whose account, which region, which role: what a target says, and what is refused before anything is changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentcore_cli.contract import EcrRepository
from agentcore_cli.errors import ConflictError, CredentialsError, InputError
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.stand_ins import ACCOUNT, REGION

OTHER_ACCOUNT = "210987654321"


def test_a_first_deploy_to_another_account_than_the_config_s_is_refused(project: Project, cloud: Cloud) -> None:
    project.configure(on_target=f'{{region: {REGION}, account: "{OTHER_ACCOUNT}"}}')
    with pytest.raises(
        CredentialsError, match=f"credentials are of account {ACCOUNT} .* is in {OTHER_ACCOUNT}"
    ) as caught:
        project.deploy()
    assert caught.value.exit_code == 3
    assert cloud.proxy.names == ["sts:GetCallerIdentity"]


def test_credentials_of_another_account_than_that_of_the_records_change_nothing(project: Project, cloud: Cloud) -> None:
    project.deploy()
    text = project.state.read_text().replace(ACCOUNT, OTHER_ACCOUNT)
    project.state.write_text(text)
    before = cloud.runtimes(), cloud.roles()
    for change in (project.deploy, project.destroy, project.plan):
        with pytest.raises(CredentialsError, match=f"target aws is in {OTHER_ACCOUNT}"):
            change()
    assert (cloud.runtimes(), cloud.roles()) == before
    assert project.state.read_text() == text


def test_an_account_in_the_config_and_another_in_the_records_are_refused(project: Project) -> None:
    project.deploy()
    project.configure(on_target=f'{{region: {REGION}, account: "{OTHER_ACCOUNT}"}}')
    with pytest.raises(InputError, match=f"targets.aws.account: {OTHER_ACCOUNT}, but bot was deployed to {ACCOUNT}"):
        project.plan()


def test_no_region_anywhere_is_a_fault_of_the_input(project: Project) -> None:
    project.configure(on_target="{}")
    with pytest.raises(InputError, match="target aws: no region") as caught:
        project.plan()
    assert "--region" in (caught.value.hint or "")


def test_the_region_may_come_from_the_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.configure(on_target="{}")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert ":eu-west-1:" in project.deploy().arn


def test_a_deployed_agent_does_not_wander_to_another_region(project: Project, cloud: Cloud) -> None:
    project.deploy()
    project.configure(on_target="{region: eu-west-1}")
    with pytest.raises(InputError, match=f"region eu-west-1, but bot is deployed in {REGION}"):
        project.deploy()


@pytest.mark.parametrize("elsewhere", [(OTHER_ACCOUNT, REGION), (ACCOUNT, "eu-west-1")], ids=["account", "region"])
def test_nor_does_one_of_which_there_is_a_repository_alone(
    project: Project, cloud: Cloud, elsewhere: tuple[str, str]
) -> None:
    address = EcrRepository(*elsewhere, "bedrock-agentcore-bot")
    project.selected.state.records("bot").put("repository", {"outputs": {"arn": address.arn}, "facts": {}})
    text = project.state.read_text()
    for change in (project.deploy, project.destroy):
        with pytest.raises((CredentialsError, InputError), match=f"is (deployed )?in {'|'.join(elsewhere)}"):
            change()
    assert (cloud.runtimes(), cloud.roles(), project.state.read_text()) == ({}, [], text)


@pytest.mark.parametrize(("region", "partition"), [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")])
def test_arns_have_the_partition_of_the_region(project: Project, cloud: Cloud, region: str, partition: str) -> None:
    domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    image = f"{ACCOUNT}.dkr.ecr.{region}.{domain}/team/bot@sha256:{'1' * 64}"
    project.configure(image=image, on_target=f"{{region: {region}}}")
    cloud.create_image_repository(region)
    result = project.deploy()
    assert result.arn.startswith(f"arn:{partition}:bedrock-agentcore:{region}:{ACCOUNT}:runtime/bot-")
    iam = cloud.moto.client("iam", region)  # moto keeps the partitions apart, as AWS does
    (name,) = (role["RoleName"] for role in iam.list_roles()["Roles"])
    policy = iam.get_role_policy(RoleName=name, PolicyName="AgentCore")["PolicyDocument"]
    assert "arn:aws:" not in json.dumps(policy)
    assert f"arn:{partition}:ecr:{region}:{ACCOUNT}:repository/team/bot" in json.dumps(policy)
    assert project.plan().pending == ()


def test_another_target_is_another_runtime_and_another_role(project: Project, cloud: Cloud) -> None:
    project.deploy()
    staging = Project(project.root, cloud, target="staging")
    staging.deploy()
    assert sorted(cloud.runtimes()) == ["bot", "bot_staging"]
    assert len(cloud.roles()) == 2
    staging.destroy()
    assert sorted(cloud.runtimes()) == ["bot"]
    assert project.plan().pending == ()


def test_a_target_adds_to_the_environment(project: Project, cloud: Cloud) -> None:
    project.configure(
        environment="{MODE: quiet, STAGE: none}", on_target=f"{{region: {REGION}, environment: {{STAGE: production}}}}"
    )
    project.deploy()
    assert cloud.the_runtime()["environmentVariables"] == {"MODE": "quiet", "STAGE": "production"}


def test_a_role_is_assumed_for_every_call_but_the_first(project: Project, cloud: Cloud) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/Deployer"
    project.configure(on_target=f"{{region: {REGION}, assume_role: '{arn}'}}")
    project.deploy()
    assert cloud.proxy.names[0] == "sts:AssumeRole"
    assert cloud.proxy.names.count("sts:AssumeRole") == 3  # once for boto3, once for each call of the first session
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}


def test_a_profile_and_an_endpoint_of_the_target_count(
    project: Project, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text("[support]\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    project.configure(on_target=f"{{region: {REGION}, profile: support, endpoint: '{cloud.proxy.url}'}}")
    project.deploy()
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}


@pytest.mark.parametrize("profile", [None, "nobody"])
def test_no_credentials_point_to_the_local_runtime(
    project: Project, monkeypatch: pytest.MonkeyPatch, profile: str | None
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    project.configure(on_target=f"{{region: {REGION}{f', profile: {profile}' if profile else ''}}}")
    with pytest.raises(CredentialsError) as caught:
        project.deploy()
    assert caught.value.exit_code == 3
    assert "--local" in (caught.value.hint or "")


def test_what_is_no_image_s_name_is_refused(project: Project) -> None:
    with pytest.raises(InputError, match="not an image's name"):
        project.plan(image="Python 3.13")


def test_a_runtime_of_somebody_else_is_refused_with_the_ways_out(project: Project, cloud: Cloud) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/Other"
    image = {"containerConfiguration": {"containerUri": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/other:1"}}
    with cloud.agentcore() as client:
        client.create_agent_runtime(agentRuntimeName="bot", agentRuntimeArtifact=image, roleArn=role)
    with pytest.raises(ConflictError, match="it has no tags of this project") as caught:
        project.deploy()
    assert caught.value.hint
    assert cloud.roles() == []
    assert project.destroy().deletions == ()
    assert list(cloud.runtimes()) == ["bot"]
