"""The execution role in an account that others change by boto3."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentcore_cli import names
from agentcore_cli.aws.roles import Roles
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import TAG_AGENT, EcrRepository
from agentcore_cli.engine import Action, apply
from agentcore_cli.errors import ConflictError, InputError
from agentcore_cli.resources.execution_role import execution_role
from agentcore_cli.resources.iam.execution_policy import Grant
from agentcore_cli.resources.own_role import POLICY, OwnRole
from tests.fakes.things import Killed
from tests.functional.resources.contract import ResourceContract
from tests.functional.resources.deployment import OWNER, Deployment
from tests.functional.resources.subject import Subject
from tests.stand_ins import ACCOUNT, REGION

NAME = names.role_name("bot", OWNER.project, OWNER.target, REGION)
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/Boundary"
AGENT = AgentConfig(
    entrypoint="main.py",
    models=("anthropic.claude-x-v1:0",),
    permissions_boundary=BOUNDARY,
    role_path="/agents/",
    tags={"team": "one"},
)
TRUST: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}


def role(
    deployment: Deployment, agent: AgentConfig = AGENT, lives: int | None = None, policy: Path | None = None
) -> OwnRole:
    grant = Grant(agent, "bot", ACCOUNT, deployment.region, EcrRepository(ACCOUNT, REGION, "bot"), policy)
    return execution_role(NAME, OWNER, grant, Roles(deployment.session(lives)))


class Role(Subject):
    def resource(self, lives: int | None = None, **wishes: Any) -> OwnRole:
        return role(self.deployment, lives=lives, **wishes)

    def there(self) -> list[Any]:
        names = [found["RoleName"] for found in self.others.list_roles()["Roles"]]
        policies = [self.others.list_role_policies(RoleName=name)["PolicyNames"] for name in names]
        return [(self.others.get_role(RoleName=name)["Role"], held) for name, held in zip(names, policies, strict=True)]

    def remove(self) -> None:
        self.others.delete_role_policy(RoleName=NAME, PolicyName=POLICY)
        self.others.delete_role(RoleName=NAME)

    def look_alike(self, tags: Mapping[str, str]) -> None:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        self.others.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST), Tags=listed)


@pytest.fixture
def iam(deployment: Deployment) -> Any:
    return deployment.account.client("iam")


@pytest.fixture
def subject(deployment: Deployment, iam: Any) -> Role:
    return Role(deployment, iam)


def inline(iam: Any) -> dict[str, Any]:
    document: dict[str, Any] = iam.get_role_policy(RoleName=NAME, PolicyName=POLICY)["PolicyDocument"]
    return document


def test_a_role_is_made_as_wanted_and_then_kept(deployment: Deployment, iam: Any) -> None:
    outputs = deployment.deploy(role(deployment)).outputs["role"]
    made = iam.get_role(RoleName=NAME)["Role"]
    assert outputs["arn"] == made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/agents/{NAME}"
    assert made["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert {tag["Key"]: tag["Value"] for tag in made["Tags"]} == {"team": "one", **OWNER.tags}
    (trust,) = made["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "bedrock-agentcore.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert inline(iam)["Statement"]
    assert deployment.is_settled([role(deployment)])


def test_the_arn_is_known_before_the_role_is(deployment: Deployment) -> None:
    wanted = role(deployment).desired({}, None)
    assert wanted.promises["arn"] == deployment.deploy(role(deployment)).outputs["role"]["arn"]


def edit_policy(edit: Callable[[dict[str, dict[str, Any]]], object]) -> Callable[[Any], object]:
    """Change the statements, by their Sids, as somebody in the console would."""

    def change(iam: Any) -> object:
        by_sid = {statement["Sid"]: statement for statement in inline(iam)["Statement"]}
        edit(by_sid)
        document = json.dumps({"Version": "2012-10-17", "Statement": list(by_sid.values())})
        return iam.put_role_policy(RoleName=NAME, PolicyName=POLICY, PolicyDocument=document)

    return change


def edit_trust(edit: Callable[[dict[str, Any]], object]) -> Callable[[Any], object]:
    def change(iam: Any) -> object:
        document = iam.get_role(RoleName=NAME)["Role"]["AssumeRolePolicyDocument"]
        edit(document["Statement"][0])
        return iam.update_assume_role_policy(RoleName=NAME, PolicyDocument=json.dumps(document))

    return change


CHANGES: list[Any] = [
    pytest.param(
        edit_policy(lambda found: found["ReadImage"].update(Resource="*")), {"policy.ReadImage.Resource"}, id="resource"
    ),
    pytest.param(
        edit_policy(lambda found: found["WriteLogs"].update(Action="logs:PutLogEvents")),
        {"policy.WriteLogs.Action"},
        id="action",
    ),
    pytest.param(
        edit_policy(lambda found: found["SendMetrics"].pop("Condition")),
        {"policy.SendMetrics.Condition.StringEquals.cloudwatch:namespace"},
        id="condition",
    ),
    pytest.param(
        edit_policy(lambda found: found.pop("SendTraces")),
        {"policy.SendTraces.Action", "policy.SendTraces.Resource"},
        id="a-statement-less",
    ),
    pytest.param(
        edit_policy(
            lambda found: found.update(New={"Sid": "New", "Effect": "Allow", "Action": "s3:*", "Resource": "*"})
        ),
        {"policy.New.Action", "policy.New.Resource"},
        id="a-statement-more",
    ),
    pytest.param(
        edit_policy(lambda found: found["ReadImage"].update(Effect="Deny")),
        {
            "policy.Deny:ReadImage.Action",
            "policy.Deny:ReadImage.Resource",
            "policy.ReadImage.Action",
            "policy.ReadImage.Resource",
        },
        id="effect",
    ),
    pytest.param(
        edit_trust(lambda found: found["Condition"]["StringEquals"].update({"aws:SourceAccount": "999999999999"})),
        {"trust.AgentCoreRuntime.Condition.StringEquals.aws:SourceAccount"},
        id="source-account",
    ),
    pytest.param(
        edit_trust(lambda found: found["Condition"].pop("ArnLike")),
        {"trust.AgentCoreRuntime.Condition.ArnLike.aws:SourceArn"},
        id="source-arn",
    ),
    pytest.param(
        edit_trust(lambda found: found["Principal"].update(Service="lambda.amazonaws.com")),
        {"trust.AgentCoreRuntime.Principal.Service"},
        id="principal",
    ),
    pytest.param(lambda iam: iam.update_role(RoleName=NAME, Description="Mine"), {"description"}, id="description"),
    pytest.param(
        lambda iam: iam.delete_role_permissions_boundary(RoleName=NAME), {"permissions_boundary"}, id="boundary"
    ),
    pytest.param(
        lambda iam: iam.put_role_permissions_boundary(RoleName=NAME, PermissionsBoundary=BOUNDARY + "2"),
        {"permissions_boundary"},
        id="another-boundary",
    ),
    pytest.param(
        lambda iam: iam.tag_role(RoleName=NAME, Tags=[{"Key": "team", "Value": "two"}]), {"tags.team"}, id="tag"
    ),
    pytest.param(
        lambda iam: iam.tag_role(RoleName=NAME, Tags=[{"Key": "new", "Value": "1"}]), {"tags.new"}, id="new-tag"
    ),
    pytest.param(lambda iam: iam.untag_role(RoleName=NAME, TagKeys=["team"]), {"tags.team"}, id="tag-gone"),
    pytest.param(
        lambda iam: iam.untag_role(RoleName=NAME, TagKeys=[TAG_AGENT]), {f"tags.{TAG_AGENT}"}, id="owner-tag-gone"
    ),
]


class TestContract(ResourceContract):
    CALLS = (2, 2, 7)
    CHANGES = CHANGES


def test_the_same_policy_written_another_way_is_the_same(deployment: Deployment, iam: Any) -> None:
    deployment.deploy(role(deployment))

    def rewrite(found: dict[str, Any]) -> None:
        found["ReadImage"]["Action"] = list(reversed(found["ReadImage"]["Action"]))
        found["ReadImage"]["Resource"] = [found["ReadImage"]["Resource"]]

    edit_policy(rewrite)(iam)
    assert deployment.is_settled([role(deployment)])


def test_wider_permissions_stand_out_and_narrower_do_not(deployment: Deployment) -> None:
    deployment.deploy(role(deployment))
    wider = deployment.change(role(deployment, replace(AGENT, services=("browser",))))
    assert wider.widens
    assert {field.field for field in wider.fields if field.widens} == {
        "policy.UseBrowser.Action",
        "policy.UseBrowser.Resource",
    }
    all_models = deployment.change(role(deployment, replace(AGENT, models=())))
    assert [field.field for field in all_models.fields if field.widens] == ["policy.InvokeModels.Resource"]
    deployment.deploy(role(deployment, replace(AGENT, models=())))
    assert not deployment.change(role(deployment)).widens
    assert deployment.change(role(deployment, replace(AGENT, permissions_boundary=None))).widens


def test_another_path_is_another_role(deployment: Deployment, iam: Any) -> None:
    deployment.deploy(role(deployment))
    moved = role(deployment, replace(AGENT, role_path="/"))
    assert deployment.change(moved).action is Action.REPLACE
    assert deployment.deploy(moved).outputs["role"]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/{NAME}"
    assert len(iam.list_roles()["Roles"]) == 1


def test_statements_of_the_config_are_added(deployment: Deployment, iam: Any, tmp_path: Path) -> None:
    file = tmp_path / "role-policy.json"
    file.write_text('{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}')
    deployment.deploy(role(deployment, policy=file))
    assert inline(iam)["Statement"][-1]["Sid"] == "RolePolicy1"
    assert deployment.is_settled([role(deployment, policy=file)])


def test_what_others_attached_goes_with_the_role_and_stays_itself(deployment: Deployment, iam: Any) -> None:
    deployment.deploy(role(deployment))
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = iam.create_policy(PolicyName="theirs", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=NAME, PolicyArn=policy)
    iam.put_role_policy(RoleName=NAME, PolicyName="more", PolicyDocument=document)
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName=NAME)
    deployment.destroy(role(deployment))
    assert iam.list_roles()["Roles"] == []
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 0
    assert iam.get_instance_profile(InstanceProfileName="profile")["InstanceProfile"]["Roles"] == []
    deployment.destroy(role(deployment))


def test_a_role_made_between_plan_and_apply_is_not_taken(deployment: Deployment, iam: Any) -> None:
    resource = role(deployment)
    planned = deployment.plan(resource)
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))
    with pytest.raises(ConflictError, match="not ours"):
        apply(planned, deployment.store.journal(), deployment.heard)


def test_a_role_that_an_answer_was_lost_of_is_ours(deployment: Deployment, iam: Any) -> None:
    resource = role(deployment)
    planned = deployment.plan(resource)
    with pytest.raises(Killed):
        deployment.deploy(role(deployment, lives=1))
    apply(planned, deployment.store.journal(), deployment.heard)
    assert deployment.is_settled([role(deployment)])


def test_a_role_made_anew_by_somebody_else_is_not_ours_by_our_records(deployment: Deployment, iam: Any) -> None:
    deployment.deploy(role(deployment))
    iam.delete_role_policy(RoleName=NAME, PolicyName=POLICY)
    iam.delete_role(RoleName=NAME)
    assert deployment.change(role(deployment)).reason == "deleted behind our back"
    iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))
    with pytest.raises(ConflictError, match="it has no tags of this project"):
        deployment.plan(role(deployment))


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")]
)
def test_every_arn_is_of_the_regions_partition(deployment: Deployment, region: str, partition: str) -> None:
    deployment.region = region
    agent = replace(AGENT, models=(), services=("identity", "code_interpreter", "browser"), memory="m", otel=True)
    resource = role(deployment, replace(agent, permissions_boundary=None))
    assert deployment.deploy(resource).outputs["role"]["arn"].startswith(f"arn:{partition}:iam::")
    iam = deployment.account.client("iam", region)
    text = json.dumps([inline(iam), iam.get_role(RoleName=NAME)["Role"]["AssumeRolePolicyDocument"]])
    own = text.replace(f"arn:{partition}:", "").replace("arn:aws:ecr:us-west-2", "")
    assert "arn:" not in own
    assert deployment.is_settled([resource])


def test_a_policy_that_iam_would_not_take_is_refused_before_anything_is_made(
    deployment: Deployment, iam: Any, tmp_path: Path
) -> None:
    file = tmp_path / "role-policy.json"
    statement = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": [f"arn:aws:s3:::bucket-{n}" for n in range(999)],
    }
    file.write_text(json.dumps(statement))
    with pytest.raises(InputError, match="IAM takes 10240"):
        deployment.deploy(role(deployment, policy=file))
    assert iam.list_roles()["Roles"] == []
