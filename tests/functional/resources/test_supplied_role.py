"""A role that the user made: looked at, told about, used as it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agentcore_cli.aws.roles import Roles
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Action
from agentcore_cli.errors import InputError
from agentcore_cli.events import Note
from agentcore_cli.resources.iam import execution_policy
from agentcore_cli.resources.iam.execution_policy import Grant
from agentcore_cli.resources.supplied_role import SuppliedRole
from tests.functional.resources.deployment import Deployment
from tests.stand_ins import ACCOUNT, REGION

AGENT = AgentConfig(entrypoint="main.py", models=("amazon.nova-lite-v1:0",))
GRANT = Grant(AGENT, "bot", ACCOUNT, REGION, EcrRepository(ACCOUNT, REGION, "bot"))
ARN = f"arn:aws:iam::{ACCOUNT}:role/team/Theirs"


def supplied(
    deployment: Deployment, arn: str = ARN, *, runtime_id: str | None = None, session: Any = None
) -> SuppliedRole:
    return SuppliedRole(arn, GRANT, "bot", Roles(session or deployment.session()), deployment.heard, runtime_id)


def notes(deployment: Deployment) -> str:
    return "\n".join(event.message for event in deployment.heard.events if isinstance(event, Note))


@pytest.fixture
def iam(deployment: Deployment) -> Any:
    return deployment.account.client("iam")


def make(iam: Any, trust: Any = None, policy: Any = None) -> None:
    document = json.dumps(trust or execution_policy.trust(GRANT))
    iam.create_role(RoleName="Theirs", Path="/team/", AssumeRolePolicyDocument=document)
    if policy:
        iam.put_role_policy(RoleName="Theirs", PolicyName="inline", PolicyDocument=json.dumps(policy))


def snapshot(iam: Any) -> Any:
    return iam.get_account_authorization_details()["RoleDetailList"]


def test_a_good_role_is_used_and_neither_changed_nor_owned(deployment: Deployment, iam: Any) -> None:
    make(iam, policy=execution_policy.policy(GRANT))
    before = snapshot(iam)
    assert deployment.change(supplied(deployment)).action is Action.KEEP
    assert deployment.deploy(supplied(deployment)).outputs["role"] == {"arn": ARN, "name": "Theirs"}
    assert notes(deployment) == ""
    deployment.destroy(supplied(deployment))
    assert deployment.store.records == {}
    assert snapshot(iam) == before


def test_what_it_visibly_lacks_is_told_and_does_not_stop_the_deploy(deployment: Deployment, iam: Any) -> None:
    policy = execution_policy.policy(GRANT)
    make(iam, policy={**policy, "Statement": [s for s in policy["Statement"] if s["Sid"] != "ReadImage"]})
    deployment.deploy(supplied(deployment))
    told = notes(deployment)
    assert f"ecr:BatchGetImage on arn:aws:ecr:{REGION}:{ACCOUNT}:repository/bot" in told
    assert "agentcore permissions --role" in told
    assert "logs:" not in told


def test_managed_policies_count(deployment: Deployment, iam: Any) -> None:
    make(iam)
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = iam.create_policy(PolicyName="all", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="Theirs", PolicyArn=policy)
    deployment.deploy(supplied(deployment))
    assert notes(deployment) == ""


def test_a_role_that_the_runtime_runs_as_already_costs_one_call_and_no_words(deployment: Deployment, iam: Any) -> None:
    make(iam)
    session = deployment.session()
    deployment.plan(supplied(deployment, runtime_id="bot-AbCdEf0123", session=session))
    assert session.calls == ["iam get_role"]
    assert notes(deployment) == ""


def trusting(**members: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole"} | members
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("trust", "says"),
    [
        (
            trusting(Principal={"Service": "lambda.amazonaws.com"}),
            "does not let bedrock-agentcore.amazonaws.com assume",
        ),
        (
            trusting(
                Principal={"Service": "bedrock-agentcore.amazonaws.com"},
                Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}},
            ),
            "wants aws:SourceAccount to be 999999999999",
        ),
    ],
    ids=["principal", "condition"],
)
def test_a_role_that_does_not_trust_agentcore_is_refused(
    deployment: Deployment, iam: Any, trust: Any, says: str
) -> None:
    make(iam, trust)
    with pytest.raises(InputError, match=f"agents.bot.execution_role: Theirs: .*{says}") as caught:
        deployment.plan(supplied(deployment))
    assert "permissions --role" in (caught.value.hint or "")


def test_its_trust_may_be_kept_to_the_runtime_that_is_there(deployment: Deployment, iam: Any) -> None:
    """As the security best practices of the developer guide have it, once the ARN is known."""
    arn = f"arn:aws:bedrock-agentcore:{REGION}:{ACCOUNT}:runtime/theirs-AbCdEf0123"
    principal = {"Service": "bedrock-agentcore.amazonaws.com"}
    make(iam, trusting(Principal=principal, Condition={"ArnLike": {"aws:SourceArn": arn}}))
    assert deployment.change(supplied(deployment, runtime_id="theirs-AbCdEf0123")).action is Action.KEEP
    with pytest.raises(InputError, match="wants aws:SourceArn to be"):
        deployment.plan(supplied(deployment, runtime_id="theirs-0000000000"))


def test_trust_for_everybodys_accounts_is_told(deployment: Deployment, iam: Any) -> None:
    make(iam, trusting(Principal={"Service": "bedrock-agentcore.amazonaws.com"}))
    deployment.plan(supplied(deployment))
    assert "has no aws:SourceAccount" in notes(deployment)


@pytest.mark.parametrize(
    ("arn", "says"),
    [
        (ARN, "no such role"),
        ("arn:aws:iam::999999999999:role/Theirs", "a role of account 999999999999"),
    ],
    ids=["gone", "another-account"],
)
def test_a_role_that_can_not_be_used_is_a_fault_of_the_config(deployment: Deployment, arn: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        deployment.plan(supplied(deployment, arn))


def test_another_path_is_another_role(deployment: Deployment, iam: Any) -> None:
    make(iam)
    with pytest.raises(InputError, match="no such role"):
        deployment.plan(supplied(deployment, f"arn:aws:iam::{ACCOUNT}:role/Theirs"))


@pytest.mark.parametrize(
    ("allowed", "says"),
    [("iam:GetUser", "it can't be looked at"), ("iam:GetRole", "what it allows can't be looked at")],
)
def test_who_may_not_look_may_still_deploy(deployment: Deployment, iam: Any, allowed: str, says: str) -> None:
    make(iam)
    key = deployment.account.user([allowed])
    deployment.account.enforce_iam()
    session = deployment.account.session(access_key=key["aws_access_key_id"], secret_key=key["aws_secret_access_key"])
    outcome = deployment.deploy(supplied(deployment, session=session))
    assert outcome.outputs["role"]["arn"] == ARN
    assert says in notes(deployment)
