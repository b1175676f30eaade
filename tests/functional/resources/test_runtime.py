"""The runtime against a control plane that speaks the service's wire, changed by boto3 behind our back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli import events
from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.config import AgentConfig, Authorizer, LifecycleConfig, NetworkConfig
from agentcore_cli.contract import LOCAL_BUCKET, LOCAL_ROLE, TAG_AGENT
from agentcore_cli.engine import Action, apply, plan_destroy
from agentcore_cli.errors import AgentcoreError, ConflictError, InputError
from agentcore_cli.resources.ownership import Owner
from agentcore_cli.resources.runtime import Runtime, RuntimeSpec
from agentcore_cli.resources.runtime_facts import code_artifact
from agentcore_cli.resources.wait_options import WaitOptions
from tests.fakes.control import DIGEST, REGION
from tests.fakes.control_server import ControlServer
from tests.fakes.things import MemoryStore
from tests.functional.resources.deployment import MortalSession
from tests.functional.resources.part import Part
from tests.local_runtime import eventually

OWNER = Owner("project-1", "bot", "aws")
PLAIN = AgentConfig(entrypoint="main.py")
FULL = AgentConfig(
    entrypoint="main.py",
    description="A bot",
    protocol="MCP",
    lifecycle=LifecycleConfig(idle_timeout=60, max_lifetime=120),
    network=NetworkConfig(subnets=("subnet-22222222", "subnet-11111111"), security_groups=("sg-11111111",)),
    authorizer=Authorizer("https://idp.example/.well-known/openid-configuration", clients=("b", "a"), scopes=("s",)),
    header_allowlist=("X-Tenant", "Authorization"),
    tags={"team": "one"},
)


class Account(Part):
    """One agent's runtime in an account, with the records of its deploys."""

    def runtime(self, agent: AgentConfig = PLAIN, **wishes: Any) -> Runtime:
        given_before = (self.store.get("runtime") or {}).get("facts", {}).get("given_environment")
        spec = RuntimeSpec(
            name="bot",
            owner=OWNER,
            agent=agent,
            role=lambda outputs: LOCAL_ROLE,
            artifact=lambda outputs: code_artifact(LOCAL_BUCKET, f"{DIGEST}.zip", "3.13", ("main.py",)),
            region=REGION,
            given_before=None if given_before is None else frozenset(given_before),
        )
        return Runtime("runtime", replace(spec, **wishes), RuntimeControl(self.session))

    def deploy(self, runtime: Runtime) -> dict[str, Any]:
        """Plan and apply; the answer of GetAgentRuntime after it."""
        outcome = self.apply(runtime)
        answer: dict[str, Any] = self.client.get_agent_runtime(agentRuntimeId=outcome.outputs["runtime"]["id"])
        return answer

    def change(self, **settings: Any) -> None:
        """Change settings as somebody else would, by a full PUT of boto3."""
        there = self.client.get_agent_runtime(agentRuntimeId=self.id)
        members = self.client.meta.service_model.operation_model("UpdateAgentRuntime").input_shape.members
        self.client.update_agent_runtime(**({name: there[name] for name in members if name in there} | settings))

    @property
    def id(self) -> str:
        return str(self.client.list_agent_runtimes()["agentRuntimes"][0]["agentRuntimeId"])


@pytest.fixture
def account(control: ControlServer) -> Iterator[Account]:
    account = Account(control)
    yield account
    account.close()


@pytest.mark.parametrize("agent", [PLAIN, FULL], ids=["plain", "full"])
def test_every_setting_is_made_and_read_back_as_wanted(account: Account, agent: AgentConfig) -> None:
    runtime = account.runtime(agent, environment={"MODE": "quiet"}, given={"KEY": "v"})
    answer = account.deploy(runtime)
    assert account.plan(account.runtime(agent, environment={"MODE": "quiet"})).pending == ()
    assert answer["environmentVariables"] == {"MODE": "quiet", "KEY": "v"}
    assert answer["lifecycleConfiguration"]["maxLifetime"] == agent.lifecycle.max_lifetime
    assert answer["protocolConfiguration"]["serverProtocol"] == agent.protocol


CHANGES: list[Any] = [
    pytest.param({"description": "Mine now"}, {"description"}, id="description"),
    pytest.param({"protocolConfiguration": {"serverProtocol": "HTTP"}}, {"protocol"}, id="protocol"),
    pytest.param({"environmentVariables": {"MODE": "loud"}}, {"environment.MODE"}, id="environment"),
    pytest.param({"environmentVariables": {"MODE": "quiet", "SPY": "1"}}, {"environment.SPY"}, id="a-new-variable"),
    pytest.param(
        {"lifecycleConfiguration": {"idleRuntimeSessionTimeout": 61, "maxLifetime": 120}},
        {"lifecycle.idle_timeout"},
        id="idle-timeout",
    ),
    pytest.param(
        {"lifecycleConfiguration": {"idleRuntimeSessionTimeout": 60, "maxLifetime": 121}},
        {"lifecycle.max_lifetime"},
        id="max-lifetime",
    ),
    pytest.param(
        {"networkConfiguration": {"networkMode": "PUBLIC"}},
        {"network.mode", "network.subnets", "network.security_groups"},
        id="network",
    ),
    pytest.param(
        {"requestHeaderConfiguration": {"requestHeaderAllowlist": ["X-Tenant"]}}, {"header_allowlist"}, id="headers"
    ),
    pytest.param(
        {
            "authorizerConfiguration": {
                "customJWTAuthorizer": {
                    "discoveryUrl": "https://idp.example/.well-known/openid-configuration",
                    "allowedClients": ["a"],
                    "allowedScopes": ["s"],
                }
            }
        },
        {"authorizer.clients"},
        id="authorizer",
    ),
    pytest.param({"roleArn": LOCAL_ROLE + "2"}, {"role"}, id="role"),
    pytest.param({"metadataConfiguration": {"requireMMDSV2": False}}, {"mmds_v2"}, id="mmds"),
]


@pytest.mark.parametrize(("change", "fields"), CHANGES)
def test_a_setting_changed_behind_our_back_is_named_and_set_right(
    account: Account, change: dict[str, Any], fields: set[str]
) -> None:
    environment = {"MODE": "quiet"}
    account.deploy(account.runtime(FULL, environment=environment))
    account.change(**change)
    (planned,) = account.plan(account.runtime(FULL, environment=environment)).pending
    assert {field.field for field in planned.fields} - {"status"} == fields
    account.deploy(account.runtime(FULL, environment=environment))
    assert account.plan(account.runtime(FULL, environment=environment)).pending == ()


def tag_changed(account: Account, arn: str) -> None:
    account.client.tag_resource(resourceArn=arn, tags={"team": "two"})


def tag_added(account: Account, arn: str) -> None:
    account.client.tag_resource(resourceArn=arn, tags={"extra": "1"})


def owner_tag_removed(account: Account, arn: str) -> None:
    account.client.untag_resource(resourceArn=arn, tagKeys=[TAG_AGENT])


@pytest.mark.parametrize(
    ("change", "field"),
    [(tag_changed, "tags.team"), (tag_added, "tags.extra"), (owner_tag_removed, f"tags.{TAG_AGENT}")],
    ids=["changed", "added", "owner-tag-removed"],
)
def test_tags_changed_behind_our_back_are_set_right_without_a_new_version(
    account: Account, change: Callable[[Account, str], None], field: str
) -> None:
    arn = account.deploy(account.runtime(FULL))["agentRuntimeArn"]
    change(account, arn)
    (planned,) = account.plan(account.runtime(FULL)).pending
    assert [changed.field for changed in planned.fields] == [field]
    assert account.deploy(account.runtime(FULL))["agentRuntimeVersion"] == "1"
    assert account.plan(account.runtime(FULL)).pending == ()


BY_CLOUDFORMATION = {"aws:cloudformation:stack-name": "theirs"}


def test_tags_of_aws_are_nobody_s_to_take_off(control: ControlServer, account: Account) -> None:
    account.deploy(account.runtime(FULL))
    control.tag_as_aws(account.id, BY_CLOUDFORMATION)
    assert account.plan(account.runtime(FULL)).pending == ()


def test_one_that_cloudformation_made_gets_the_tags_of_the_config(control: ControlServer, account: Account) -> None:
    arn = account.deploy(account.runtime(owner=replace(OWNER, project="other")))["agentRuntimeArn"]
    account.store.records.clear()
    account.client.untag_resource(resourceArn=arn, tagKeys=list(OWNER.tags))
    control.tag_as_aws(account.id, BY_CLOUDFORMATION)
    runtime = account.runtime(AgentConfig(entrypoint="main.py", tags={"team": "one"}), supplied_id=account.id)
    account.store.journal().done("runtime", {"id": account.id}, {})
    account.deploy(runtime)
    tags = account.client.list_tags_for_resource(resourceArn=arn)["tags"]
    assert tags == {"team": "one", **BY_CLOUDFORMATION}


def test_one_that_somebody_else_made_is_never_made_anew(control: ControlServer, account: Account) -> None:
    control.lifecycle.fail_artifact("no such image")
    with pytest.raises(AgentcoreError, match="CREATE_FAILED: no such image"):
        account.deploy(account.runtime())
    with pytest.raises(ConflictError, match="CREATE_FAILED: it would have to be made anew"):
        account.plan(account.runtime(supplied_id=account.id))
    assert account.plan(account.runtime()).pending[0].action is Action.REPLACE


def test_a_service_that_does_not_require_mmdsv2_by_itself_is_told_to(tmp_path: Path) -> None:
    with ControlServer(tmp_path / "home", metadata=None) as control:
        account = Account(control)
        answer = account.deploy(account.runtime())
        assert answer["metadataConfiguration"] == {"requireMMDSV2": True}
        assert account.plan(account.runtime()).pending == ()
        account.close()


def test_a_setting_that_the_config_does_not_know_is_resent(account: Account) -> None:
    account.deploy(account.runtime())
    arn = "arn:aws:elasticfilesystem:us-west-2:123456789012:access-point/fsap-0123456789abcdef0"
    files = [{"efsAccessPoint": {"accessPointArn": arn, "mountPath": "/mnt/shared"}}]
    account.change(filesystemConfigurations=files)
    answer = account.deploy(account.runtime(AgentConfig(entrypoint="main.py", description="new")))
    assert answer["description"] == "new"
    assert answer["filesystemConfigurations"] == files


def test_ours_is_adopted_and_anybody_elses_is_refused(account: Account) -> None:
    account.deploy(account.runtime())
    account.store.records.clear()
    assert [change.action for change in account.plan(account.runtime()).pending] == [Action.ADOPT]
    for owner in (replace(OWNER, project="other"), replace(OWNER, target="staging")):
        with pytest.raises(ConflictError, match="not ours: it belongs to"):
            account.plan(account.runtime(owner=owner))
        assert plan_destroy([account.runtime(owner=owner)], account.store.journal()).changes == ()


def test_one_without_our_tags_is_refused(account: Account) -> None:
    arn = account.deploy(account.runtime())["agentRuntimeArn"]
    account.store.records.clear()
    account.client.untag_resource(resourceArn=arn, tagKeys=[TAG_AGENT])
    with pytest.raises(ConflictError, match="it has no tags of this project") as caught:
        account.plan(account.runtime())
    assert caught.value.hint


def test_a_variable_that_went_with_the_runtime_is_asked_for(account: Account) -> None:
    account.deploy(account.runtime(given={"KEY": "v"}))
    apply(plan_destroy([account.runtime()], MemoryStore().journal()), MemoryStore().journal(), events.ignore)
    with pytest.raises(InputError, match="the value of KEY"):
        account.plan(account.runtime())
    assert account.plan(account.runtime(given={"KEY": ""})).pending
    assert account.plan(account.runtime(environment={"KEY": "from the config"})).pending


def release_soon(control: ControlServer) -> None:
    """What is under way ends half a second from now."""
    threading.Timer(0.5, control.release).start()


def test_one_that_is_still_being_made_is_destroyed_when_it_is_there(control: ControlServer, account: Account) -> None:
    control.hold()
    runtime = replace(account.runtime(), wait_options=WaitOptions(wait=False))
    assert account.deploy(runtime)["status"] == "CREATING"
    release_soon(control)
    account.destroy(account.runtime())
    assert account.client.list_agent_runtimes()["agentRuntimes"] == []


@pytest.mark.parametrize("is_deleted", [False, True], ids=["being-made", "being-deleted"])
def test_its_endpoints_on_their_way_are_waited_for(control: ControlServer, account: Account, is_deleted: bool) -> None:
    account.deploy(account.runtime())
    endpoint = {"agentRuntimeId": account.id, "endpointName": "blue"}
    if is_deleted:
        account.client.create_agent_runtime_endpoint(agentRuntimeId=account.id, name="blue")
        eventually(lambda: account.client.get_agent_runtime_endpoint(**endpoint)["status"] == "READY", "it is there")
    control.hold()
    if is_deleted:
        account.client.delete_agent_runtime_endpoint(**endpoint)
    else:
        account.client.create_agent_runtime_endpoint(agentRuntimeId=account.id, name="blue")
    release_soon(control)
    account.destroy(account.runtime())
    assert account.client.list_agent_runtimes()["agentRuntimes"] == []


def test_an_endpoint_that_can_not_be_deleted_is_told_at_once(control: ControlServer, account: Account) -> None:
    account.deploy(account.runtime())
    account.client.create_agent_runtime_endpoint(agentRuntimeId=account.id, name="blue")
    endpoint = {"agentRuntimeId": account.id, "endpointName": "blue"}
    eventually(lambda: account.client.get_agent_runtime_endpoint(**endpoint)["status"] == "READY", "it is there")
    control.lifecycle.fail_artifact("still in use")
    with pytest.raises(AgentcoreError, match="endpoint blue of runtime bot: DELETE_FAILED: still in use"):
        account.destroy(replace(account.runtime(), wait_options=WaitOptions(seconds=5)))
    control.lifecycle.failure = None
    account.destroy(account.runtime())
    assert account.client.list_agent_runtimes()["agentRuntimes"] == []


def test_one_that_somebody_deletes_after_the_plan_is_as_good(account: Account) -> None:
    account.deploy(account.runtime())
    journal = account.store.journal()
    plan = plan_destroy([account.runtime()], journal)
    account.client.delete_agent_runtime(agentRuntimeId=account.id)
    eventually(lambda: not account.client.list_agent_runtimes()["agentRuntimes"], "it is gone")
    apply(plan, journal, events.ignore)
    assert account.store.records == {}


def test_one_that_goes_between_two_looks_is_not_there(account: Account) -> None:
    account.deploy(account.runtime())

    class Deleting(MortalSession):
        def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
            if operation == "list_tags_for_resource":
                account.client.delete_agent_runtime(agentRuntimeId=account.id)
                eventually(lambda: not account.client.list_agent_runtimes()["agentRuntimes"], "it is gone")
            return super().call(service, operation, **parameters)

    assert replace(account.runtime(), client=RuntimeControl(Deleting(account.session))).read(None) is None
