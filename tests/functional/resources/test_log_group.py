"""Log groups in an account that others change by boto3."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from agentcore_cli.aws.log_groups import LogGroups
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import TAG_TARGET, log_group
from agentcore_cli.engine import PENDING, Action, Desired, Found
from agentcore_cli.errors import ConflictError
from agentcore_cli.resources.log_group import LogGroup, LogGroupSpec
from tests.fakes.things import Thing, World
from tests.functional.resources.contract import ResourceContract
from tests.functional.resources.deployment import OWNER, Deployment
from tests.functional.resources.subject import Subject
from tests.stand_ins import ACCOUNT, REGION

ID = "bot-AbCdEf0123"
NAME = log_group(ID, "DEFAULT")
ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{NAME}"
AGENT = AgentConfig(entrypoint="main.py", log_retention=30, tags={"team": "one"})


@dataclass
class RuntimeThing(Thing):
    """Stands where the runtime would: it has an id once it is made, and keeps it."""

    id: str = ID

    def desired(self, outputs: Any, found: Found | None) -> Desired:
        return Desired(self.facts, self.outputs() if found else {})

    def outputs(self) -> dict[str, Any]:
        return {"id": self.id}


def group(
    deployment: Deployment,
    agent: AgentConfig = AGENT,
    lives: int | None = None,
    runtime_id: Callable[[], str | None] = lambda: None,
) -> LogGroup:
    spec = LogGroupSpec("bot", OWNER, agent, ACCOUNT, deployment.region, runtime_id)
    return LogGroup(spec, LogGroups(deployment.session(lives)))


class Logs(Subject):
    """A runtime and the log group behind it."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(deployment, deployment.account.client("logs"))
        self.world, self.id = World(), ID

    def resource(self, lives: int | None = None, **wishes: Any) -> LogGroup:
        return group(self.deployment, lives=lives, **wishes)

    def below(self) -> list[RuntimeThing]:
        return [RuntimeThing(self.world, "runtime", id=self.id)]

    def there(self) -> list[Any]:
        return groups(self.others)

    def remove(self) -> None:
        self.others.delete_log_group(logGroupName=NAME)

    def anew(self) -> None:
        super().anew()
        self.world = World()


@pytest.fixture
def runtime(deployment: Deployment) -> Logs:
    return Logs(deployment)


@pytest.fixture
def subject(runtime: Logs) -> Logs:
    return runtime


@pytest.fixture
def logs(deployment: Deployment) -> Any:
    return deployment.account.client("logs")


def groups(logs: Any) -> list[str]:
    return [found["logGroupName"] for found in logs.describe_log_groups()["logGroups"]]


def test_a_group_is_made_as_wanted_and_then_kept(runtime: Logs, logs: Any) -> None:
    assert {field.field: field.new for field in runtime.change().fields} == {}
    runtime.deploy()
    (made,) = logs.describe_log_groups()["logGroups"]
    assert (made["logGroupName"], made["retentionInDays"]) == (NAME, 30)
    assert logs.list_tags_for_resource(resourceArn=ARN)["tags"] == {"team": "one", **OWNER.tags}
    assert runtime.change().action is Action.KEEP


def test_its_name_is_known_only_with_the_runtimes_id(deployment: Deployment) -> None:
    resource = group(deployment)
    assert resource.desired({"runtime": {"id": PENDING}}, None).facts["name"] == PENDING
    assert resource.desired({"runtime": {"id": ID}}, None).facts["name"] == NAME


CHANGES: list[Any] = [
    pytest.param(
        lambda logs: logs.put_retention_policy(logGroupName=NAME, retentionInDays=7), {"retention"}, id="retention"
    ),
    pytest.param(lambda logs: logs.delete_retention_policy(logGroupName=NAME), {"retention"}, id="for-ever"),
    pytest.param(lambda logs: logs.tag_resource(resourceArn=ARN, tags={"team": "two"}), {"tags.team"}, id="tag"),
    pytest.param(lambda logs: logs.tag_resource(resourceArn=ARN, tags={"new": "1"}), {"tags.new"}, id="new-tag"),
    pytest.param(lambda logs: logs.untag_resource(resourceArn=ARN, tagKeys=["team"]), {"tags.team"}, id="tag-gone"),
    pytest.param(
        lambda logs: logs.untag_resource(resourceArn=ARN, tagKeys=[TAG_TARGET]),
        {f"tags.{TAG_TARGET}"},
        id="owner-tag-gone",
    ),
]


class TestContract(ResourceContract):
    CALLS = (3, 2, 6)
    CHANGES = CHANGES
    test_a_look_alike_is_refused_and_stays = None  # without tags it is AgentCore's, made for us: see below


def test_one_that_agentcore_made_is_taken_on(runtime: Logs, logs: Any) -> None:
    logs.create_log_group(logGroupName=NAME)
    runtime.deploy()
    assert groups(logs) == [NAME]
    assert runtime.change().action is Action.KEEP


def test_one_with_other_owners_tags_is_refused(runtime: Logs, logs: Any) -> None:
    others = dataclasses.replace(OWNER, project="other-9f8e7d").tags
    logs.create_log_group(logGroupName=NAME, tags=others)
    with pytest.raises(ConflictError, match=f"log group {NAME} exists and is not ours: it belongs to project other"):
        runtime.deploy()
    runtime.destroy(runtime_id=lambda: ID)
    assert logs.list_tags_for_resource(resourceArn=ARN)["tags"] == others


def test_a_runtime_made_anew_gets_a_group_of_its_own_and_the_old_one_keeps_its_lines(runtime: Logs, logs: Any) -> None:
    runtime.deploy()
    runtime.id = "bot-Zyxwvu9876"
    assert [field.field for field in runtime.change().fields] == ["name"]
    runtime.deploy()
    assert groups(logs) == [NAME, log_group(runtime.id, "DEFAULT")]
    assert runtime.change().action is Action.KEEP
    runtime.destroy()
    assert groups(logs) == []


def test_destroy_removes_the_groups_of_every_endpoint_and_nobody_elses(runtime: Logs, logs: Any) -> None:
    runtime.deploy()
    others = [log_group("bot-Other00000", "DEFAULT"), log_group("bot2-AbCdEf0123", "DEFAULT"), "/aws/lambda/bot"]
    for name in (log_group(ID, "prod"), *others):
        logs.create_log_group(logGroupName=name)
    runtime.destroy(runtime_id=lambda: ID)
    assert sorted(groups(logs)) == sorted(others)


def test_without_log_retention_destroy_removes_what_agentcore_made_for_the_runtime(runtime: Logs, logs: Any) -> None:
    logs.create_log_group(logGroupName=NAME)
    runtime.destroy(agent=replace(AGENT, log_retention=None), runtime_id=lambda: ID)
    assert groups(logs) == []


def test_what_was_claimed_is_found_when_the_runtime_is_gone(runtime: Logs, logs: Any) -> None:
    prod = log_group(ID, "prod")
    logs.create_log_group(logGroupName=prod)
    group(runtime.deployment, runtime_id=lambda: ID).claim()
    runtime.destroy()
    assert groups(logs) == []
