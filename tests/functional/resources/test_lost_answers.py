"""Calls whose answer is lost, and services that are busy: repeated, and never two of a thing nor somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agentcore_cli.aws.log_groups import LogGroups
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.aws.roles import Roles
from agentcore_cli.aws.session import Access, AwsSession
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import EcrRepository
from agentcore_cli.resources import execution_role, log_group, repository
from agentcore_cli.resources.iam.execution_policy import Grant
from tests.fakes.aws_answers import failed, still_attached, throttled
from tests.fakes.aws_faults import instead, named, reset_after, reset_before, times
from tests.fakes.aws_proxy import AwsProxy
from tests.fakes.things import World
from tests.functional.resources.deployment import OWNER, Deployment
from tests.functional.resources.test_log_group import RuntimeThing
from tests.long_cases import always
from tests.stand_ins import ACCOUNT, REGION, Moto

AGENT = AgentConfig(entrypoint="main.py", log_retention=30)
ADDRESS = EcrRepository(ACCOUNT, REGION, "bot")
CALLS = [
    "iam:GetRole",
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "ecr:DescribeRepositories",
    "ecr:CreateRepository",
    "ecr:PutLifecyclePolicy",
    "logs:DescribeLogGroups",
    "logs:CreateLogGroup",
    "logs:PutRetentionPolicy",
]
LAST_CALLS = ["iam:DeleteRolePolicy", "iam:DeleteRole", "ecr:DeleteRepository", "logs:DeleteLogGroup"]
HARM = {
    "lost-answer": reset_after,
    "lost-call": reset_before,
    "throttled": instead(throttled),
    "failed": instead(failed),
}


@pytest.fixture
def proxy(moto: Moto) -> Iterator[AwsProxy]:
    with AwsProxy({}, otherwise=moto.url) as proxy:
        yield proxy


@pytest.fixture
def resources(proxy: AwsProxy) -> Iterator[list[Any]]:
    session = AwsSession(lambda: Access(REGION, url=proxy.url, access_key="test", secret_key="test"))
    grant = Grant(AGENT, "bot", ACCOUNT, REGION, ADDRESS)
    yield [
        execution_role.execution_role("AmazonBedrockAgentCore-bot", OWNER, grant, Roles(session)),
        repository.Repository(repository.RepositorySpec(ADDRESS, OWNER, AGENT), Repositories(session)),
        RuntimeThing(World(), "runtime"),
        log_group.LogGroup(log_group.LogGroupSpec("bot", OWNER, AGENT, ACCOUNT, REGION), LogGroups(session)),
    ]
    session.close()


def inventory(moto: Moto) -> tuple[int, int, int]:
    return (
        len(moto.client("iam").list_roles()["Roles"]),
        len(moto.client("ecr").describe_repositories()["repositories"]),
        len(moto.client("logs").describe_log_groups()["logGroups"]),
    )


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("call", always("iam:CreateRole", of=CALLS))
def test_a_deploy_gets_over_it(
    deployment: Deployment, proxy: AwsProxy, resources: list[Any], call: str, harm: str
) -> None:
    proxy.interfere(named(call), times(1, HARM[harm]))
    deployment.deploy(*resources)
    assert proxy.names.count(call) > 1
    assert inventory(deployment.account) == (1, 1, 1)
    assert deployment.is_settled(resources)


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("call", always("ecr:DeleteRepository", of=LAST_CALLS))
def test_a_destroy_gets_over_it(
    deployment: Deployment, proxy: AwsProxy, resources: list[Any], call: str, harm: str
) -> None:
    deployment.deploy(*resources)
    proxy.interfere(named(call), times(1, HARM[harm]))
    deployment.destroy(*resources)
    assert inventory(deployment.account) == (0, 0, 0)
    assert deployment.store.records == {}


def test_a_role_whose_policy_iam_still_sees_is_deleted_soon(
    deployment: Deployment, proxy: AwsProxy, resources: list[Any]
) -> None:
    deployment.deploy(*resources)
    proxy.interfere(named("iam:DeleteRole"), times(2, instead(still_attached)))
    deployment.destroy(*resources)
    assert inventory(deployment.account) == (0, 0, 0)
