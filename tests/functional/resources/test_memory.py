"""An agent's memory against the service's wire, changed by boto3 behind our back."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from agentcore_cli import events
from agentcore_cli.aws.memories import MemoryControl
from agentcore_cli.config import MemoryConfig as Settings
from agentcore_cli.config import Strategy
from agentcore_cli.config.memory import PromptConfig
from agentcore_cli.contract import TAG_AGENT
from agentcore_cli.engine import Action, apply
from agentcore_cli.errors import ConflictError, InputError, StillInProgressError
from agentcore_cli.local.clock import Clock
from agentcore_cli.resources.memory import Memory, MemorySpec, SuppliedMemory, variables
from agentcore_cli.resources.wait_options import WaitOptions
from tests.fakes.control_server import ControlServer
from tests.fakes.things import Killed
from tests.functional.resources.contract import ResourceContract
from tests.functional.resources.deployment import OWNER, ControlAccount, Deployment
from tests.functional.resources.subject import Subject
from tests.local_runtime import eventually
from tests.long_cases import always

ROLE = "arn:aws:iam::000000000000:role/Memories"
KEY = "arn:aws:kms:us-west-2:000000000000:key/11111111-2222-3333-4444-555555555555"
SECONDS_A_CALL = 0.2  # by the service's clock: what settles in half a second is looked at a few times, always as many
PLAIN = Settings("notes")
PROMPT = PromptConfig("amazon.nova-lite-v1:0", "only names")
FULL = Settings(
    "notes",
    expiry_days=30,
    description="What was said",
    execution_role=ROLE,
    strategies=(
        Strategy("semantic", name="facts", description="What is so", namespace="/facts/{actorId}"),
        Strategy("summary"),
        Strategy("user_preference"),
        Strategy("episodic", namespace="/e/{actorId}/{sessionId}", reflection_namespace="/e/{actorId}"),
        Strategy("custom", name="own", override="semantic", extraction=PROMPT, consolidation=PROMPT),
    ),
)


class Notes(Subject):
    """The memory of one agent; `settings` are the config's."""

    def __init__(self, account: ControlAccount) -> None:
        super().__init__(Deployment(account))
        self.client = account.client()

    def resource(self, lives: int | None = None, settings: Settings = FULL, **wishes: Any) -> Memory:
        wait_options = wishes.pop("wait_options", WaitOptions())
        spec = MemorySpec(settings.label, OWNER, settings, **{"tags": {"team": "one"}, **wishes})
        return Memory(spec, MemoryControl(self.deployment.session(lives)), wait_options)

    def there(self) -> list[Any]:
        return [self.client.get_memory(memoryId=id)["memory"] for id in self.ids()]

    def remove(self) -> None:
        self.settle()
        for id in self.ids():
            self.client.delete_memory(memoryId=id)
        eventually(lambda: not self.ids(), "the memories are gone")

    def look_alike(self, tags: Mapping[str, str]) -> None:
        self.client.create_memory(name="notes", eventExpiryDuration=30, tags=dict(tags))
        self.settle()

    def anew(self) -> None:
        self.remove()
        self.lose_state()

    def ids(self) -> list[str]:
        return [memory["id"] for memory in self.client.list_memories()["memories"]]

    def answer(self) -> dict[str, Any]:
        (answer,) = self.there()
        return dict(answer)

    def settle(self) -> None:
        listed = self.client.list_memories
        eventually(
            lambda: all(each["status"] == "ACTIVE" for each in listed()["memories"]), "what is under way is done"
        )

    def tags(self) -> dict[str, str]:
        return dict(self.client.list_tags_for_resource(resourceArn=self.answer()["arn"])["tags"])

    def strategy(self, name: str) -> str:
        (found,) = [each["strategyId"] for each in self.answer()["strategies"] if each["name"] == name]
        return str(found)


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlAccount]:
    with ControlServer(tmp_path_factory.mktemp("control")) as control, closing(ControlAccount(control)) as account:
        control.clock = Clock(wall=itertools.count(time.time(), SECONDS_A_CALL).__next__)
        yield account


@pytest.fixture
def subject(account: ControlAccount) -> Notes:
    notes = Notes(account)
    notes.anew()
    return notes


@dataclass(frozen=True)
class Update:
    """UpdateMemory as somebody else does it, with members that may depend on what is there."""

    members: Callable[[Notes], dict[str, Any]]

    def __call__(self, notes: Notes) -> None:
        notes.client.update_memory(memoryId=notes.answer()["id"], **self.members(notes))
        notes.settle()


def to(**members: Any) -> Update:
    return Update(lambda notes: members)


def modify(name: str, **members: Any) -> Update:
    return Update(
        lambda notes: {
            "memoryStrategies": {
                "modifyMemoryStrategies": [{"memoryStrategyId": notes.strategy(name), **members}],
            }
        }
    )


def prompt(step: str) -> Update:
    override = {f"semantic{step.title()}Override": {"modelId": "m", "appendToPrompt": "p"}}
    return modify("own", configuration={step: {f"custom{step.title()}Configuration": override}})


def untag(*keys: str) -> Callable[[Notes], object]:
    return lambda notes: notes.client.untag_resource(resourceArn=notes.answer()["arn"], tagKeys=list(keys))


class TestContract(ResourceContract):
    CALLS = (6, 2, 7)
    CHANGES = (
        pytest.param(to(eventExpiryDuration=31), {"expiry_days"}, id="expiry"),
        pytest.param(to(description="Mine now"), {"description"}, id="description"),
        pytest.param(to(memoryExecutionRoleArn=f"{ROLE}2"), {"execution_role"}, id="role"),
        pytest.param(
            modify("facts", namespaceTemplates=["/mine/{actorId}"]), {"strategies.facts.namespace"}, id="namespace"
        ),
        pytest.param(modify("facts", description="Mine"), {"strategies.facts.description"}, id="strategy-description"),
        *(
            pytest.param(prompt(step), {f"strategies.own.{step}.model", f"strategies.own.{step}.prompt"}, id=step)
            for step in ("extraction", "consolidation")
        ),
        pytest.param(
            modify(
                "episodic",
                configuration={"reflection": {"episodicReflectionConfiguration": {"namespaceTemplates": ["/e"]}}},
            ),
            {"strategies.episodic.reflection_namespace"},
            id="reflection",
        ),
        pytest.param(
            Update(
                lambda notes: {
                    "memoryStrategies": {"deleteMemoryStrategies": [{"memoryStrategyId": notes.strategy("summary")}]}
                }
            ),
            {"strategies.summary.type"},
            id="a-strategy-gone",
        ),
        pytest.param(
            to(memoryStrategies={"addMemoryStrategies": [{"semanticMemoryStrategy": {"name": "more"}}]}),
            {"strategies.more.type", "strategies.more.namespace"},
            id="a-strategy-more",
        ),
        pytest.param(untag("team"), {"tags.team"}, id="tag-gone"),
        pytest.param(untag(TAG_AGENT), {f"tags.{TAG_AGENT}"}, id="owner-tag-gone"),
    )


@pytest.mark.parametrize("settings", [PLAIN, FULL], ids=["plain", "full"])
def test_every_setting_is_made_and_read_back_as_wanted(subject: Notes, settings: Settings) -> None:
    subject.deploy(settings=settings)
    answer = subject.answer()
    assert subject.change(settings=settings).action is Action.KEEP
    assert (answer["status"], answer["eventExpiryDuration"]) == ("ACTIVE", settings.expiry_days)
    assert [strategy["name"] for strategy in answer["strategies"]] == [s.label for s in settings.strategies]
    assert subject.tags() == {"team": "one", **OWNER.tags}


def test_the_agent_is_told_its_id_in_both_variables() -> None:
    told = variables({"memory": {"id": "notes-AbCdEf0123"}})
    assert told == {"MEMORY_ID": "notes-AbCdEf0123", "BEDROCK_AGENTCORE_MEMORY_ID": "notes-AbCdEf0123"}


def test_a_strategy_of_another_type_takes_the_place_of_its_namesake(subject: Notes) -> None:
    subject.deploy(settings=Settings("notes", strategies=(Strategy("semantic", name="facts"),)))
    other = Settings("notes", strategies=(Strategy("summary", name="facts"),))
    subject.deploy(settings=other)
    assert [(s["name"], s["type"]) for s in subject.answer()["strategies"]] == [("facts", "SUMMARIZATION")]
    assert subject.change(settings=other).action is Action.KEEP


@pytest.mark.parametrize("lives", always(1, 5, of=range(1, 9)))
def test_a_kill_in_an_update_leaves_what_the_next_deploy_completes(subject: Notes, lives: int) -> None:
    """Of a strategy that is taken out and made anew, after which nothing that was said is lost."""
    subject.deploy(settings=Settings("notes", strategies=(Strategy("semantic", name="facts"),)))
    made, other = subject.ids(), Settings("notes", strategies=(Strategy("summary", name="facts"),))
    with pytest.raises(Killed):
        subject.deploy(lives, settings=other)
    subject.deploy(settings=other)
    assert subject.change(settings=other).action is Action.KEEP
    assert subject.ids() == made


def test_one_of_our_name_that_is_not_ours_is_refused_with_the_way_to_use_it(subject: Notes) -> None:
    subject.look_alike({})
    with pytest.raises(ConflictError, match="not ours") as refused:
        subject.change()
    assert f"memory: {subject.ids()[0]}" in str(refused.value.hint)


def test_a_name_that_somebody_takes_in_between_is_told_as_whose_it_is(subject: Notes) -> None:
    plan = subject.deployment.plan(subject.resource())
    subject.look_alike({})
    with pytest.raises(ConflictError, match="exists and is not ours"):
        apply(plan, subject.deployment.store.journal(), events.ignore)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(Settings("letters"), "can't be renamed", id="name"),
        pytest.param(Settings("notes", encryption_key=KEY), "AgentCore can't change that", id="key"),
    ],
)
def test_what_only_another_memory_could_be_is_refused(subject: Notes, settings: Settings, message: str) -> None:
    made = subject.deploy(settings=PLAIN)
    with pytest.raises(ConflictError, match=message) as refused:
        subject.change(settings=settings)
    assert f"agentcore memory delete {made['id']}" in str(refused.value.hint)
    subject.client.delete_memory(memoryId=made["id"])
    assert subject.change(settings=settings).action in (Action.CREATE, Action.REPLACE)


def test_a_deletion_under_way_is_waited_for_and_another_made(subject: Notes) -> None:
    made = subject.deploy()
    subject.client.delete_memory(memoryId=made["id"])
    again = subject.deploy()
    assert again["id"] != made["id"]
    assert subject.ids() == [again["id"]]


def test_without_waiting_it_is_there_and_the_next_deploy_waits(subject: Notes) -> None:
    subject.deploy(wait_options=WaitOptions(wait=False))
    subject.deploy()
    assert subject.answer()["status"] == "ACTIVE"


def test_time_runs_out_with_the_memory_on_its_way(subject: Notes) -> None:
    with pytest.raises(StillInProgressError, match="still waiting until it is ACTIVE"):
        subject.deploy(wait_options=WaitOptions(seconds=0))
    subject.deploy()
    assert subject.answer()["status"] == "ACTIVE"


def test_a_supplied_one_is_used_and_never_changed_or_deleted(subject: Notes) -> None:
    made = subject.client.create_memory(name="theirs", eventExpiryDuration=7)["memory"]
    subject.settle()
    before = subject.there()
    supplied = SuppliedMemory(made["id"], "bot", MemoryControl(subject.deployment.session()))
    change = subject.deployment.change(supplied)
    assert (change.action, change.reason) == (Action.KEEP, "supplied, and used as it is")
    subject.deployment.deploy(supplied)
    subject.deployment.destroy(supplied)
    assert subject.there() == before
    assert subject.tags() == {}
    assert subject.deployment.store.records == {}


def test_a_supplied_one_that_is_not_there_is_bad_input(subject: Notes) -> None:
    with pytest.raises(InputError, match=r"agents\.bot\.memory: gone-AbCdEf0123: no such memory"):
        subject.deployment.plan(SuppliedMemory("gone-AbCdEf0123", "bot", MemoryControl(subject.deployment.session())))


def test_locally_ours_stands_in_for_one_that_is_elsewhere_and_one_that_is_here_is_used(subject: Notes) -> None:
    elsewhere = {"settings": Settings("notes-AbCdEf0123"), "stands_in_for": "notes-AbCdEf0123"}
    subject.deploy(**elsewhere)
    assert subject.answer()["name"] == "notes"
    here = subject.client.create_memory(name="here", eventExpiryDuration=7)["memory"]["id"]
    used = {"settings": Settings(here), "stands_in_for": here}
    assert subject.change(**used).action is Action.KEEP
    subject.destroy(**used)
    assert here in subject.ids()
