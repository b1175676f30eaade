"""State lost or stale, things changed or deleted by hand, two deploys at once: what is found, and what is left."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.engine import Action
from agentcore_cli.errors import AgentcoreError
from tests.fakes.aws_calls import Call, Request
from tests.fakes.aws_proxy import Forward
from tests.functional.operations.aws_target.cloud import IMAGE, OTHER_IMAGE, Cloud, Project

IDP = "https://idp.example/.well-known/openid-configuration"
SETTINGS = {
    "protocol": "MCP",
    "description": "A bot",
    "environment": "{MODE: quiet}",
    "lifecycle": "{idle_timeout: 60, max_lifetime: 120}",
    "session_storage": "/mnt/data",
    "network": "{subnets: [subnet-11111111], security_groups: [sg-11111111]}",
    "authorizer": f"{{discovery_url: '{IDP}', clients: [a], audience: [b], scopes: [c]}}",
    "header_allowlist": "[X-Tenant]",
    "tags": "{team: one}",
}


def jwt(**changed: Any) -> dict[str, Any]:
    there = {"discoveryUrl": IDP, "allowedClients": ["a"], "allowedAudience": ["b"], "allowedScopes": ["c"]}
    return {"authorizerConfiguration": {"customJWTAuthorizer": there | changed}}


def vpc(subnet: str, group: str) -> dict[str, Any]:
    config = {"subnets": [subnet], "securityGroups": [group]}
    return {"networkConfiguration": {"networkMode": "VPC", "networkModeConfig": config}}


def lifecycle(idle: int, life: int) -> dict[str, Any]:
    return {"lifecycleConfiguration": {"idleRuntimeSessionTimeout": idle, "maxLifetime": life}}


FIELDS: dict[str, dict[str, Any]] = {
    "artifact.image": {"agentRuntimeArtifact": {"containerConfiguration": {"containerUri": OTHER_IMAGE}}},
    "role": {"roleArn": "arn:aws:iam::123456789012:role/Another"},
    "protocol": {"protocolConfiguration": {"serverProtocol": "HTTP"}},
    "description": {"description": "Mine now"},
    "environment.MODE": {"environmentVariables": {"MODE": "loud"}},
    "lifecycle.idle_timeout": lifecycle(61, 120),
    "lifecycle.max_lifetime": lifecycle(60, 121),
    "session_storage": {"filesystemConfigurations": [{"sessionStorage": {"mountPath": "/mnt/other"}}]},
    "network.subnets": vpc("subnet-33333333", "sg-11111111"),
    "network.security_groups": vpc("subnet-11111111", "sg-33333333"),
    "authorizer.discovery_url": jwt(discoveryUrl="https://evil.example/.well-known/openid-configuration"),
    "authorizer.clients": jwt(allowedClients=["a", "z"]),
    "authorizer.audience": jwt(allowedAudience=["z"]),
    "authorizer.scopes": jwt(allowedScopes=["z"]),
    "header_allowlist": {"requestHeaderConfiguration": {"requestHeaderAllowlist": ["X-Tenant", "X-Spy"]}},
    "mmds_v2": {"metadataConfiguration": {"requireMMDSV2": False}},
}


IN_EVERY_RUN = {"artifact.image", "environment.MODE", "network.subnets", "authorizer.clients"}


def change_by_hand(cloud: Cloud, changed: dict[str, Any]) -> None:
    """A full PUT of somebody else, with everything else as it is."""
    there = cloud.the_runtime()
    with cloud.agentcore() as client:
        members = client.meta.service_model.operation_model("UpdateAgentRuntime").input_shape.members
        client.update_agent_runtime(**({name: there[name] for name in members if name in there} | changed))


@pytest.mark.parametrize(
    ("field", "keeps_state"),
    [
        *[
            pytest.param(field, True, id=f"{field}-with-state", marks=() if field in IN_EVERY_RUN else pytest.mark.long)
            for field in FIELDS
        ],
        pytest.param("description", False, id="description-state-deleted"),
        *[
            pytest.param(field, False, id=f"{field}-state-deleted", marks=pytest.mark.long)
            for field in FIELDS
            if field != "description"
        ],
    ],
)
def test_each_field_that_was_changed_by_hand_is_named_alone(
    project: Project, cloud: Cloud, field: str, keeps_state: bool
) -> None:
    project.configure(**SETTINGS)
    project.deploy()
    change_by_hand(cloud, FIELDS[field])
    if not keeps_state:
        project.state.unlink()
    (change,) = (change for change in project.plan().pending if change.fields)
    assert (change.key, {it.field for it in change.fields} - {"status"}) == ("runtime", {field})
    expected = (Action.UPDATE, "changed behind our back") if keeps_state else (Action.ADOPT, change.reason)
    assert (change.action, change.reason) == expected
    project.deploy()
    assert project.plan().pending == ()


@pytest.mark.parametrize("field", ["tags.team", "tags.agentcore:agent", "tags.spy"])
def test_tags_that_were_changed_by_hand_are_named_and_set_right_without_a_version(
    project: Project, cloud: Cloud, field: str
) -> None:
    project.configure(**SETTINGS)
    arn = project.deploy().arn
    key = field.removeprefix("tags.")
    with cloud.agentcore() as client:
        if key.startswith("agentcore:"):
            client.untag_resource(resourceArn=arn, tagKeys=[key])
        else:
            client.tag_resource(resourceArn=arn, tags={key: "two"})
    (change,) = project.plan().pending
    assert [it.field for it in change.fields] == [field]
    assert project.deploy().version == "1"
    assert project.plan().pending == ()


@pytest.mark.parametrize("damage", ["lost", "truncated", "emptied"])
def test_a_state_file_that_is_gone_or_broken_is_made_anew_by_looking_and_asks(
    project: Project, cloud: Cloud, damage: str
) -> None:
    first = project.deploy()
    text = project.state.read_text()
    project.state.unlink() if damage == "lost" else project.state.write_text(
        text[:100] if damage == "truncated" else ""
    )
    again = project.deploy()
    assert project.asked == [("role", "runtime")]
    assert (again.arn, again.version) == (first.arn, "1")
    assert project.state.read_text() == text
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}
    assert len(cloud.roles()) == 1


def test_no_adoption_without_consent(project: Project, cloud: Cloud) -> None:
    project.deploy()
    project.state.unlink()
    cloud.proxy.begin_anew()
    with pytest.raises(AgentcoreError, match="the answer was no"):
        project.deploy(answer=False)
    assert not [name for name in cloud.proxy.names if not re.search(":(Batch)?(Get|List)", name)]


def test_a_runtime_that_was_deleted_elsewhere_is_made_anew(project: Project, cloud: Cloud) -> None:
    first = project.deploy()
    with cloud.agentcore() as client:
        client.delete_agent_runtime(agentRuntimeId=first.runtime_id)
    cloud.control.release()
    (change,) = project.plan().pending
    assert (change.action, change.reason) in (
        (Action.CREATE, "deleted behind our back"),
        (Action.REPLACE, "changed behind our back"),
    )
    assert project.deploy().runtime_id != first.runtime_id
    assert list(cloud.runtimes()) == ["bot"]


def delete_role(cloud: Cloud) -> None:
    iam, (name,) = cloud.moto.client("iam"), cloud.roles()
    iam.delete_role_policy(RoleName=name, PolicyName="AgentCore")
    iam.delete_role(RoleName=name)


def take_the_policy(cloud: Cloud) -> None:
    (name,) = cloud.roles()
    cloud.moto.client("iam").delete_role_policy(RoleName=name, PolicyName="AgentCore")


def break_the_trust(cloud: Cloud) -> None:
    (name,) = cloud.roles()
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.moto.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=document)


def test_with_a_runtime_made_anew_its_log_group_is_planned_and_made_too(project: Project, cloud: Cloud) -> None:
    project.configure(log_retention="7")
    project.deploy()
    project.configure(log_retention="7", description="another")
    assert [change.key for change in project.plan().pending] == ["runtime"]  # an update leaves the group alone
    project.deploy()

    with cloud.agentcore() as client:
        client.delete_agent_runtime(agentRuntimeId=cloud.the_runtime()["agentRuntimeId"])
    assert [(c.key, c.action) for c in project.plan().pending] == [
        ("runtime", Action.CREATE),
        ("log_group", Action.UPDATE),
    ]
    again = project.deploy()

    groups = cloud.moto.client("logs").describe_log_groups()["logGroups"]
    assert f"/aws/bedrock-agentcore/runtimes/{again.runtime_id}-DEFAULT" in [group["logGroupName"] for group in groups]
    assert project.plan().pending == ()


@pytest.mark.parametrize(
    ("damage", "action"),
    [(delete_role, Action.CREATE), (take_the_policy, Action.UPDATE), (break_the_trust, Action.UPDATE)],
)
def test_a_role_that_was_deleted_or_changed_is_set_right_and_the_runtime_stays(
    project: Project, cloud: Cloud, damage: Callable[[Cloud], None], action: Action
) -> None:
    project.deploy()
    damage(cloud)
    (change,) = project.plan().pending
    assert (change.key, change.action) == ("role", action)
    result = project.deploy()
    assert (result.version, len(cloud.roles())) == ("1", 1)
    assert project.plan().pending == ()


def test_wider_permissions_are_asked_about(project: Project, cloud: Cloud) -> None:
    project.configure(models="[anthropic.claude-sonnet-4-5-20250929-v1:0]")
    project.deploy()
    assert project.asked == []
    project.configure(models="[anthropic.claude-sonnet-4-5-20250929-v1:0]", services="[browser]")
    (change,) = project.plan().pending
    assert (change.key, change.widens) == ("role", True)
    with pytest.raises(AgentcoreError, match="the answer was no"):
        project.deploy(answer=False)
    assert project.plan().pending == (change,)
    project.deploy()
    project.configure(models="[anthropic.claude-sonnet-4-5-20250929-v1:0]")
    project.asked.clear()
    project.deploy()
    assert project.asked == []


def test_two_folders_with_the_same_config_share_one_runtime(project: Project, cloud: Cloud, tmp_path: Path) -> None:
    first = project.deploy()
    second = Project.open(tmp_path / "second", cloud)
    assert second.deploy().arn == first.arn
    assert second.asked == [("role", "runtime")]
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}
    second.configure(description="From the second folder")
    second.deploy()
    (change,) = project.plan().pending
    assert [it.field for it in change.fields] == ["description"]


def test_of_two_first_deploys_at_once_from_two_folders_one_runtime_comes(
    project: Project, cloud: Cloud, tmp_path: Path
) -> None:
    """Both have looked before either has made anything: the second is told, and goes on when it is run again."""
    both = threading.Barrier(2, timeout=120)

    def together(call: Call, request: Request, forward: Forward) -> Any:
        both.wait()
        return forward(request)

    cloud.proxy.interfere(lambda call: call.name == "bedrock-agentcore:CreateAgentRuntime", together)
    projects = [project, Project.open(tmp_path / "second", cloud)]
    errors: list[AgentcoreError] = []

    def deploy(one: Project) -> None:
        try:
            one.deploy()
        except AgentcoreError as error:
            errors.append(error)

    threads = [threading.Thread(target=deploy, args=(one,)) for one in projects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cloud.proxy.begin_anew()
    assert [error.message for error in errors] == ["runtime bot: another deploy of this project has just made it"]
    for one in projects:
        one.deploy()
        assert one.plan().pending == ()
    assert cloud.runtimes() == {"bot": ("READY", "1", "1")}
    assert len(cloud.roles()) == 1
    assert IMAGE in str(cloud.the_runtime())


def test_a_supplied_role_is_used_and_stays(project: Project, cloud: Cloud) -> None:
    project.deploy()
    (own,) = cloud.roles()
    trust = cloud.moto.client("iam").get_role(RoleName=own)["Role"]["AssumeRolePolicyDocument"]
    supplied = cloud.moto.client("iam").create_role(RoleName="Mine", AssumeRolePolicyDocument=json.dumps(trust))
    project.configure(execution_role=supplied["Role"]["Arn"])
    project.deploy()
    assert cloud.the_runtime()["roleArn"] == supplied["Role"]["Arn"]
    project.destroy()
    assert cloud.roles() == ["Mine"]
