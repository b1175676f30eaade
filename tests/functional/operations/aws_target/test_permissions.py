"""The policy that `agentcore permissions` prints, held against what a deployment really calls."""

from __future__ import annotations

import json
import re

import pytest

from agentcore_cli.errors import DeniedError
from agentcore_cli.events import ignore
from agentcore_cli.operations.deploy.permissions import caller_permissions
from agentcore_cli.resources.deployment import Overrides
from agentcore_cli.resources.iam.policy_document import missing, statements
from tests.fakes.aws_answers import access_denied, expired_token
from tests.fakes.aws_calls import Call
from tests.fakes.aws_faults import instead, named
from tests.functional.operations.aws_target.cloud import Cloud, Project
from tests.same_process import SameProcess
from tests.stand_ins import ACCOUNT, REGION

NO_CREDENTIALS = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null", "HOME": "/nonexistent"}

ALLOWED_TO_FAIL = {
    "ecr:BatchGetImage",
    "bedrock-agentcore:InvokeAgentRuntimeCommand",
    "bedrock-agentcore:StopRuntimeSession",
}


FOREIGN_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    }
)


@pytest.fixture
def retaining(project: Project) -> Project:
    """A project whose deploy makes all that one with a finished image can make."""
    project.allow_callers()
    project.configure(log_retention="30", tags="{team: one}", resource_policy="callers.json")
    return project


def live(project: Project, cloud: Cloud) -> None:
    """A deploy, drift in everything, another deploy, looks, a destroy."""
    project.deploy()
    role = cloud.roles()[0]
    iam, logs = cloud.moto.client("iam"), cloud.moto.client("logs")
    iam.delete_role_policy(RoleName=role, PolicyName="AgentCore")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=FOREIGN_TRUST)
    iam.update_role(RoleName=role, Description="Mine")
    iam.tag_role(RoleName=role, Tags=[{"Key": "new", "Value": "1"}])
    (group,) = logs.describe_log_groups()["logGroups"]
    logs.put_retention_policy(logGroupName=group["logGroupName"], retentionInDays=7)
    logs.tag_resource(resourceArn=group["logGroupArn"], tags={"new": "1"})
    with cloud.agentcore() as client:
        client.delete_resource_policy(resourceArn=cloud.the_runtime()["agentRuntimeArn"])
    cloud.proxy.begin_anew()
    project.deploy(overrides=Overrides(environment={"MODE": "loud"}))
    project.status()
    project.destroy()


def test_every_call_of_a_deployments_life_is_allowed_by_the_policy(retaining: Project, cloud: Cloud) -> None:
    policy = caller_permissions(retaining.selected, ignore).policy
    before: list[Call] = []
    retaining.deploy()
    before += cloud.proxy.calls
    retaining.destroy()
    live(retaining, cloud)
    calls = [call for call in [*before, *cloud.proxy.calls] if call.service != "sts"]
    assert {"iam:UpdateRole", "logs:PutRetentionPolicy", "logs:DeleteLogGroup"} <= {call.name for call in calls}
    for call in calls:
        resource = "*" if call.name.endswith(("CreateAgentRuntime", "ListAgentRuntimes")) else call.resource
        wanted = {"Statement": {"Effect": "Allow", "Action": call.name, "Resource": resource}}
        assert missing(wanted, [policy]) == []


def test_a_caller_with_the_policys_actions_can_do_it_all(
    retaining: Project, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = caller_permissions(retaining.selected, ignore).policy
    actions = [action for statement in statements(policy) for action in as_list(statement["Action"])]
    key = cloud.moto.user(actions, "deployer")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["aws_secret_access_key"])
    # past the proxy: moto now looks at signatures, which are made for its own address
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.moto.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE_CONTROL", cloud.control.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", cloud.control.url)
    cloud.moto.enforce_iam()
    retaining.deploy()
    retaining.status()
    retaining.destroy()
    cloud.moto.enforce_iam(after=None)
    assert (cloud.runtimes(), cloud.roles()) == ({}, [])


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.long
def test_a_refused_call_of_a_deploy_names_action_and_resource_and_the_next_deploy_goes_on(
    retaining: Project, cloud: Cloud
) -> None:
    """But for the look at a given image, and for the session that shows whether it starts: whoever deploys may well be
    somebody who must not read the one or call the other.
    """
    retaining.deploy()
    calls = [call for call in cloud.proxy.calls if call.name not in ALLOWED_TO_FAIL]
    retaining.destroy()
    for call in calls:
        cloud.proxy.begin_anew()
        cloud.proxy.interfere(named(call.name, call.occurrence), instead(access_denied))
        with pytest.raises(DeniedError) as caught:
            retaining.deploy()
        assert caught.value.exit_code == 3
        assert call.name in caught.value.message
        statement = json.loads((caught.value.hint or "").partition("again: ")[2].partition(";")[0])
        assert statement["Action"] == call.name
        assert same_place(statement["Resource"], call.resource)
        assert "agentcore permissions" in (caught.value.hint or "")
        cloud.proxy.begin_anew()
        retaining.deploy()
        assert retaining.plan().pending == ()
        assert (len(cloud.roles()), list(cloud.runtimes().values())) == (1, [("READY", "1", "1")])
        retaining.destroy()
        assert (cloud.runtimes(), cloud.roles()) == ({}, [])


def same_place(one: str, other: str) -> bool:
    """The same ARN but for the random end of a runtime's id."""
    return re.sub(r"bot-\w{10}\b", "bot-ID", one) == re.sub(r"bot-\w{10}\b", "bot-ID", other)


@pytest.mark.long
def test_a_refused_call_of_a_destroy_names_it_too_and_the_next_one_goes_on(retaining: Project, cloud: Cloud) -> None:
    retaining.deploy()
    cloud.proxy.begin_anew()
    retaining.destroy()
    for call in list(cloud.proxy.calls):
        cloud.proxy.begin_anew()
        retaining.deploy()
        cloud.proxy.begin_anew()
        cloud.proxy.interfere(named(call.name, call.occurrence), instead(access_denied))
        with pytest.raises(DeniedError, match=call.name):
            retaining.destroy()
        cloud.proxy.begin_anew()
        retaining.destroy()
        assert (cloud.runtimes(), cloud.roles()) == ({}, [])
        assert cloud.moto.client("logs").describe_log_groups()["logGroups"] == []


def test_credentials_that_expire_midway_are_exit_3_and_the_next_deploy_goes_on(project: Project, cloud: Cloud) -> None:
    cloud.proxy.interfere(named("iam:PutRolePolicy"), instead(expired_token))
    failed = project.command.run("deploy", "--yes", code=3)
    assert "the credentials were refused" in failed.stderr
    assert "renew them" in failed.stderr
    cloud.proxy.begin_anew()
    project.command.run("deploy")
    assert len(cloud.roles()) == 1


def test_the_policy_alone_is_on_stdout(project: Project) -> None:
    policy = json.loads(project.command.run("permissions").stdout)
    assert policy["Version"] == "2012-10-17"
    assert f"arn:aws:iam::{ACCOUNT}:role/AmazonBedrockAgentCore-bot-" in json.dumps(policy)
    both = json.loads(project.command.run("permissions", "--role").stdout)
    assert set(both) == {"trust", "policy"}
    assert both["trust"]["Statement"][0]["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}


def test_as_json_it_says_what_it_is_about(project: Project) -> None:
    told = project.command.json("permissions")
    assert (told["schema_version"], told["account"], told["region"]) == (1, ACCOUNT, REGION)
    assert told["policy"]["Statement"]
    assert set(project.command.json("permissions", "--role")) >= {"trust", "policy"}


def test_without_credentials_it_is_of_any_account_and_says_so(project: Project) -> None:
    alone = SameProcess(project.root, NO_CREDENTIALS)
    done = alone.run("permissions")
    assert "arn:aws:iam::*:role/" in done.stdout
    assert "targets.aws.account" in done.stderr
    project.configure(on_target=f'{{region: {REGION}, account: "210987654321"}}')
    named = alone.run("permissions")
    assert "arn:aws:iam::210987654321:role/" in named.stdout
    assert named.stderr == ""


def test_the_role_that_deploys_is_named_as_the_one_that_needs_it(project: Project) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/Deployer"
    project.configure(on_target=f'{{region: {REGION}, account: "{ACCOUNT}", assume_role: "{role}"}}')
    assert f"{role} needs this" in project.command.run("permissions").stderr


@pytest.mark.parametrize(
    ("arguments", "settings", "says"),
    [
        (["permissions", "--local"], {}, "the local runtime asks IAM for nothing"),
        (["permissions"], {"on_target": "{}"}, "no region"),
        (["permissions", "--role"], {"role_policy": "gone.json"}, "role_policy: gone.json: can't be read"),
    ],
    ids=["local", "no-region", "no-policy-file"],
)
def test_what_has_no_answer_is_exit_2(
    project: Project, arguments: list[str], settings: dict[str, str], says: str
) -> None:
    project.configure(**settings)
    assert says in project.command.run(*arguments, code=2).stderr
