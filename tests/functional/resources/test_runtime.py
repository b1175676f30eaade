"""The runtime against a control plane that speaks the service's wire, changed by boto3 behind our back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli import events
from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import LOCAL_ROLE, TAG_AGENT
from agentcore_cli.engine import Action, apply, plan_destroy
from agentcore_cli.errors import AgentcoreError, ConflictError, InputError
from agentcore_cli.resources.ownership import Owner
from tests.fakes.control_server import ControlServer
from tests.functional.resources.bot import FULL, ISSUER, PLAIN, Bot
from tests.functional.resources.contract import ResourceContract
from tests.functional.resources.deployment import OWNER, ControlAccount, MortalSession


@pytest.fixture(scope="module")
def settling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlAccount]:
    root = tmp_path_factory.mktemp("control")
    with ControlServer(root, settles=True) as control, closing(ControlAccount(control)) as account:
        yield account


@pytest.fixture
def subject(settling: ControlAccount) -> Bot:
    bot = Bot(settling)
    bot.anew()
    return bot


@dataclass(frozen=True)
class Update:
    """UpdateAgentRuntime as somebody else does it."""

    settings: dict[str, Any]

    def __call__(self, bot: Bot) -> None:
        bot.update(**self.settings)


def to(**settings: Any) -> Update:
    return Update(settings)


def tag(**tags: str) -> Callable[[Bot], object]:
    return lambda bot: bot.client.tag_resource(resourceArn=bot.answer()["agentRuntimeArn"], tags=tags)


def untag(*keys: str) -> Callable[[Bot], object]:
    return lambda bot: bot.client.untag_resource(resourceArn=bot.answer()["agentRuntimeArn"], tagKeys=list(keys))


def lifecycle(idle: int, most: int) -> Update:
    return to(lifecycleConfiguration={"idleRuntimeSessionTimeout": idle, "maxLifetime": most})


JWT = {"discoveryUrl": ISSUER, "allowedClients": ["a"], "allowedScopes": ["s"]}


class TestContract(ResourceContract):
    CALLS = (4, 3, 9)
    TOLD_BY_RECORDS = frozenset({"owner-tag-gone", "a-new-variable"})
    CHANGES = (
        pytest.param(to(description="Mine now"), {"description"}, id="description"),
        pytest.param(to(protocolConfiguration={"serverProtocol": "HTTP"}), {"protocol"}, id="protocol"),
        pytest.param(to(environmentVariables={"MODE": "loud"}), {"environment.MODE"}, id="environment"),
        pytest.param(to(environmentVariables={"MODE": "quiet", "SPY": "1"}), {"environment.SPY"}, id="a-new-variable"),
        pytest.param(lifecycle(61, 120), {"lifecycle.idle_timeout"}, id="idle-timeout"),
        pytest.param(lifecycle(60, 121), {"lifecycle.max_lifetime"}, id="max-lifetime"),
        pytest.param(
            to(networkConfiguration={"networkMode": "PUBLIC"}),
            {"network.mode", "network.subnets", "network.security_groups"},
            id="network",
        ),
        pytest.param(
            to(requestHeaderConfiguration={"requestHeaderAllowlist": ["X-Tenant"]}), {"header_allowlist"}, id="headers"
        ),
        pytest.param(to(authorizerConfiguration={"customJWTAuthorizer": JWT}), {"authorizer.clients"}, id="authorizer"),
        pytest.param(to(roleArn=LOCAL_ROLE + "2"), {"role"}, id="role"),
        pytest.param(to(metadataConfiguration={"requireMMDSV2": False}), {"mmds_v2"}, id="mmds"),
        pytest.param(tag(team="two"), {"tags.team"}, id="tag"),
        pytest.param(tag(extra="1"), {"tags.extra"}, id="new-tag"),
        pytest.param(untag("team"), {"tags.team"}, id="tag-gone"),
        pytest.param(untag(TAG_AGENT), {f"tags.{TAG_AGENT}"}, id="owner-tag-gone"),
    )


@pytest.mark.parametrize("agent", [PLAIN, FULL], ids=["plain", "full"])
def test_every_setting_is_made_and_read_back_as_wanted(subject: Bot, agent: AgentConfig) -> None:
    subject.deploy(agent=agent, given={"KEY": "v"})
    assert subject.change(agent=agent).action is Action.KEEP
    answer = subject.answer()
    assert answer["environmentVariables"] == {"MODE": "quiet", "KEY": "v"}
    assert answer["lifecycleConfiguration"]["maxLifetime"] == agent.lifecycle.max_lifetime
    assert answer["protocolConfiguration"]["serverProtocol"] == agent.protocol


@pytest.mark.parametrize("change", [tag(team="two"), tag(extra="1"), untag("team")], ids=["tag", "new-tag", "tag-gone"])
def test_tags_are_set_right_without_a_new_version(subject: Bot, change: Callable[[Bot], object]) -> None:
    subject.deploy()
    change(subject)
    assert subject.deploy()["version"] == "1"


BY_CLOUDFORMATION = {"aws:cloudformation:stack-name": "theirs"}


def test_tags_of_aws_are_nobody_s_to_take_off(control: ControlServer, bot: Bot) -> None:
    bot.deploy()
    control.tag_as_aws(bot.id, BY_CLOUDFORMATION)
    assert bot.change().action is Action.KEEP


def test_one_that_cloudformation_made_gets_the_tags_of_the_config(control: ControlServer, bot: Bot) -> None:
    bot.look_alike({})
    control.tag_as_aws(bot.id, BY_CLOUDFORMATION)
    bot.store.journal().done("runtime", {"id": bot.id}, {})
    bot.deploy(supplied_id=bot.id)
    tags = bot.client.list_tags_for_resource(resourceArn=bot.answer()["agentRuntimeArn"])["tags"]
    assert tags == {"team": "one", **BY_CLOUDFORMATION}


def test_one_that_somebody_else_made_is_never_made_anew(control: ControlServer, bot: Bot) -> None:
    control.lifecycle.fail_artifact("no such image")
    with pytest.raises(AgentcoreError, match="CREATE_FAILED: no such image"):
        bot.deploy()
    with pytest.raises(ConflictError, match="CREATE_FAILED: it would have to be made anew"):
        bot.change(supplied_id=bot.id)
    assert bot.change().action is Action.REPLACE


def test_a_service_that_does_not_require_mmdsv2_by_itself_is_told_to(tmp_path: Path) -> None:
    with ControlServer(tmp_path / "home", metadata=None) as control, closing(ControlAccount(control)) as account:
        bot = Bot(account)
        bot.deploy()
        assert bot.answer()["metadataConfiguration"] == {"requireMMDSV2": True}
        assert bot.change().action is Action.KEEP


def test_a_setting_that_the_config_does_not_know_is_resent(subject: Bot) -> None:
    subject.deploy(agent=PLAIN)
    arn = "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-0123456789abcdef0"
    files = [{"efsAccessPoint": {"accessPointArn": arn, "mountPath": "/mnt/shared"}}]
    subject.update(filesystemConfigurations=files)
    subject.deploy(agent=AgentConfig(entrypoint="main.py", description="new"))
    answer = subject.answer()
    assert answer["description"] == "new"
    assert answer["filesystemConfigurations"] == files


@pytest.mark.parametrize("owner", [replace(OWNER, project="other"), replace(OWNER, target="staging")], ids=str)
def test_another_projects_destroy_leaves_it(subject: Bot, owner: Owner) -> None:
    subject.deploy()
    subject.lose_state()
    with pytest.raises(ConflictError, match="not ours: it belongs to"):
        subject.change(owner=owner)
    assert plan_destroy([subject.resource(owner=owner)], subject.store.journal()).changes == ()


def test_a_variable_that_went_with_the_runtime_is_asked_for(subject: Bot) -> None:
    subject.deploy(given={"KEY": "v"})
    subject.remove()
    with pytest.raises(InputError, match="the value of KEY"):
        subject.change()
    assert subject.change(given={"KEY": ""}).action is Action.CREATE
    assert subject.change(environment={"KEY": "from the config"}).action is Action.CREATE


def test_one_that_somebody_deletes_after_the_plan_is_as_good(subject: Bot) -> None:
    subject.deploy()
    journal = subject.store.journal()
    plan = plan_destroy([subject.resource()], journal)
    subject.remove()
    apply(plan, journal, events.ignore)
    assert subject.store.records == {}


def test_one_that_goes_between_two_looks_is_not_there(subject: Bot) -> None:
    subject.deploy()

    class Deleting(MortalSession):
        def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
            if operation == "list_tags_for_resource":
                subject.remove()
            return super().call(service, operation, **parameters)

    client = RuntimeControl(Deleting(subject.deployment.session()))
    assert replace(subject.resource(), client=client).read(None) is None
