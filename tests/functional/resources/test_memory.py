"""An agent's memory against the service's wire, changed by boto3 behind our back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agentcore_cli import events
from agentcore_cli.aws.memories import MemoryControl
from agentcore_cli.config import MemoryConfig as Settings
from agentcore_cli.config import Strategy
from agentcore_cli.config.memory import PromptConfig
from agentcore_cli.contract import TAG_AGENT
from agentcore_cli.engine import Action, Change, apply
from agentcore_cli.errors import ConflictError, InputError, StillInProgressError
from agentcore_cli.resources.memory import Memory, MemorySpec, SuppliedMemory, variables
from agentcore_cli.resources.ownership import Owner
from agentcore_cli.resources.wait_options import WaitOptions
from tests.fakes.control_server import ControlServer
from tests.fakes.things import Killed
from tests.functional.resources.deployment import MortalSession
from tests.functional.resources.part import Part
from tests.local_runtime import eventually

OWNER = Owner("project-1", "bot", "aws")
ROLE = "arn:aws:iam::000000000000:role/Memories"
KEY = "arn:aws:kms:us-west-2:000000000000:key/11111111-2222-3333-4444-555555555555"
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


class Account(Part):
    """One agent's memory in an account, with the records of its deploys."""

    def memory(self, settings: Settings = PLAIN, *, lives: int | None = None, **wishes: Any) -> Memory:
        session = MortalSession(self.session, lives)
        wait_options = wishes.pop("wait_options", WaitOptions())
        return Memory(MemorySpec(settings.label, OWNER, settings, **wishes), MemoryControl(session), wait_options)

    def change(self, memory: Any) -> Change:
        (change,) = self.plan(memory).changes
        return change

    def deploy(self, memory: Any) -> dict[str, Any]:
        """Plan and apply; the answer of GetMemory after it."""
        outcome = self.apply(memory)
        answer: dict[str, Any] = self.client.get_memory(memoryId=outcome.outputs["memory"]["id"])["memory"]
        return answer

    def status(self, memory_id: str) -> str:
        return str(self.client.get_memory(memoryId=memory_id)["memory"]["status"])

    def ids(self) -> list[str]:
        return [memory["id"] for memory in self.client.list_memories()["memories"]]


@pytest.fixture
def account(control: ControlServer) -> Iterator[Account]:
    account = Account(control)
    yield account
    account.close()


@pytest.mark.parametrize("settings", [PLAIN, FULL], ids=["plain", "full"])
def test_every_setting_is_made_and_read_back_as_wanted(account: Account, settings: Settings) -> None:
    answer = account.deploy(account.memory(settings))
    assert account.plan(account.memory(settings)).pending == ()
    assert (answer["status"], answer["eventExpiryDuration"]) == ("ACTIVE", settings.expiry_days)
    assert [strategy["name"] for strategy in answer["strategies"]] == [s.label for s in settings.strategies]
    tags = account.client.list_tags_for_resource(resourceArn=answer["arn"])["tags"]
    assert tags == OWNER.tags


def test_the_agent_is_told_its_id_in_both_variables() -> None:
    told = variables({"memory": {"id": "notes-AbCdEf0123"}})
    assert told == {"MEMORY_ID": "notes-AbCdEf0123", "BEDROCK_AGENTCORE_MEMORY_ID": "notes-AbCdEf0123"}


def of(answer: dict[str, Any], name: str) -> str:
    (found,) = [strategy["strategyId"] for strategy in answer["strategies"] if strategy["name"] == name]
    return str(found)


def modify(**members: Any) -> Any:
    return lambda answer: {
        "memoryStrategies": {
            "modifyMemoryStrategies": [{"memoryStrategyId": of(answer, members["name"])} | members["to"]]
        }
    }


CHANGES: list[Any] = [
    pytest.param(lambda answer: {"eventExpiryDuration": 31}, {"expiry_days"}, id="expiry"),
    pytest.param(lambda answer: {"description": "Mine now"}, {"description"}, id="description"),
    pytest.param(lambda answer: {"memoryExecutionRoleArn": f"{ROLE}2"}, {"execution_role"}, id="role"),
    pytest.param(
        modify(name="facts", to={"namespaceTemplates": ["/mine/{actorId}"]}),
        {"strategies.facts.namespace"},
        id="namespace",
    ),
    pytest.param(
        modify(name="facts", to={"description": "Mine"}), {"strategies.facts.description"}, id="strategy-description"
    ),
    pytest.param(
        modify(
            name="own",
            to={
                "configuration": {
                    "extraction": {
                        "customExtractionConfiguration": {
                            "semanticExtractionOverride": {"modelId": "m", "appendToPrompt": "p"}
                        }
                    }
                }
            },
        ),
        {"strategies.own.extraction.model", "strategies.own.extraction.prompt"},
        id="prompt",
    ),
    pytest.param(
        lambda answer: {"memoryStrategies": {"deleteMemoryStrategies": [{"memoryStrategyId": of(answer, "summary")}]}},
        {"strategies.summary.type"},
        id="a-strategy-gone",
    ),
    pytest.param(
        lambda answer: {
            "memoryStrategies": {
                "addMemoryStrategies": [{"semanticMemoryStrategy": {"name": "more"}}],
            }
        },
        {"strategies.more.type", "strategies.more.namespace"},
        id="a-strategy-more",
    ),
]


@pytest.mark.parametrize(("change", "fields"), CHANGES)
def test_what_somebody_changed_is_named_and_put_back(account: Account, change: Any, fields: set[str]) -> None:
    answer = account.deploy(account.memory(FULL))
    account.client.update_memory(memoryId=answer["id"], **change(answer))
    eventually(lambda: account.status(answer["id"]) == "ACTIVE", "the change is done")
    seen = account.change(account.memory(FULL))
    assert (seen.action, seen.reason) == (Action.UPDATE, "changed behind our back")
    assert {field.field for field in seen.fields} == fields
    account.deploy(account.memory(FULL))
    assert account.plan(account.memory(FULL)).pending == ()


def test_a_strategy_of_another_type_takes_the_place_of_its_namesake(account: Account) -> None:
    account.deploy(account.memory(Settings("notes", strategies=(Strategy("semantic", name="facts"),))))
    other = account.memory(Settings("notes", strategies=(Strategy("summary", name="facts"),)))
    answer = account.deploy(other)
    assert [(s["name"], s["type"]) for s in answer["strategies"]] == [("facts", "SUMMARIZATION")]
    assert account.plan(other).pending == ()


def test_tags_are_put_back_and_the_config_s_are_on_it(account: Account) -> None:
    answer = account.deploy(account.memory(tags={"team": "one"}))
    account.client.untag_resource(resourceArn=answer["arn"], tagKeys=[TAG_AGENT, "team"])
    assert {f.field for f in account.change(account.memory(tags={"team": "one"})).fields} == {
        f"tags.{TAG_AGENT}",
        "tags.team",
    }
    account.deploy(account.memory(tags={"team": "one"}))
    assert account.plan(account.memory(tags={"team": "one"})).pending == ()


def test_without_the_records_it_is_found_by_name_and_tags_and_adopted(account: Account) -> None:
    made = account.deploy(account.memory())
    account.store.records.clear()
    assert account.change(account.memory()).action is Action.ADOPT
    assert account.deploy(account.memory())["id"] == made["id"]


def test_one_of_our_name_that_is_not_ours_is_refused_with_the_way_to_use_it(account: Account) -> None:
    made = account.client.create_memory(name="notes", eventExpiryDuration=30)["memory"]
    with pytest.raises(ConflictError, match="not ours") as refused:
        account.plan(account.memory())
    assert f"memory: {made['id']}" in str(refused.value.hint)
    account.destroy(account.memory())
    assert account.ids() == [made["id"]]


def test_a_kill_after_any_call_leaves_one_memory_that_the_next_deploy_goes_on_with(control: ControlServer) -> None:
    """Each life has an account of its own by the name."""
    account = Account(control)
    for lives in range(1, 30):
        settings = Settings(f"notes{lives}", strategies=(Strategy("semantic"),))
        account.store.records.clear()
        try:
            account.deploy(account.memory(settings, lives=lives))
        except Killed:
            answer = account.deploy(account.memory(settings))
            assert [id_ for id_ in account.ids() if id_.startswith(f"notes{lives}-")] == [answer["id"]]
            assert account.plan(account.memory(settings)).pending == ()
        else:
            break
    account.close()
    assert lives > 3, "at least a look, the call and a wait"


def test_a_name_that_somebody_takes_in_between_is_told_as_whose_it_is(account: Account) -> None:
    plan = account.plan(account.memory())
    account.client.create_memory(name="notes", eventExpiryDuration=30)
    with pytest.raises(ConflictError, match="exists and is not ours"):
        apply(plan, account.store.journal(), events.ignore)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param(Settings("letters"), "can't be renamed", id="name"),
        pytest.param(Settings("notes", encryption_key=KEY), "AgentCore can't change that", id="key"),
    ],
)
def test_what_only_another_memory_could_be_is_refused(account: Account, settings: Settings, message: str) -> None:
    made = account.deploy(account.memory())
    with pytest.raises(ConflictError, match=message) as refused:
        account.plan(account.memory(settings))
    assert f"agentcore memory delete {made['id']}" in str(refused.value.hint)
    account.client.delete_memory(memoryId=made["id"])
    assert account.change(account.memory(settings)).action in (Action.CREATE, Action.REPLACE)


def test_a_deletion_under_way_is_waited_for_and_another_made(account: Account) -> None:
    made = account.deploy(account.memory())
    account.client.delete_memory(memoryId=made["id"])
    again = account.deploy(account.memory())
    assert again["id"] != made["id"]
    assert account.ids() == [again["id"]]


def test_without_waiting_it_is_there_and_the_next_deploy_waits(account: Account) -> None:
    account.deploy(account.memory(wait_options=WaitOptions(wait=False)))
    assert account.deploy(account.memory())["status"] == "ACTIVE"


def test_time_runs_out_with_the_memory_on_its_way(account: Account, control: ControlServer) -> None:
    with pytest.raises(StillInProgressError, match="still waiting until it is ACTIVE"):
        account.deploy(account.memory(wait_options=WaitOptions(seconds=0.01)))
    assert account.deploy(account.memory())["status"] == "ACTIVE"


def test_destroy_removes_it_and_waits_until_it_is_gone(account: Account) -> None:
    account.deploy(account.memory())
    account.destroy(account.memory())
    assert account.ids() == []
    assert account.store.records == {}


def test_a_given_one_is_used_and_never_changed_or_deleted(account: Account) -> None:
    made = account.client.create_memory(name="theirs", eventExpiryDuration=7)["memory"]
    given = SuppliedMemory(made["id"], "bot", MemoryControl(account.session))
    change = account.change(given)
    assert (change.action, change.reason) == (Action.KEEP, "supplied, and used as it is")
    assert account.deploy(given)["eventExpiryDuration"] == 7
    assert account.store.records == {}
    assert account.client.list_tags_for_resource(resourceArn=made["arn"])["tags"] == {}


def test_a_given_one_that_is_not_there_is_bad_input(account: Account) -> None:
    with pytest.raises(InputError, match=r"agents\.bot\.memory: gone-AbCdEf0123: no such memory"):
        account.plan(SuppliedMemory("gone-AbCdEf0123", "bot", MemoryControl(account.session)))


def test_locally_ours_stands_in_for_one_that_is_elsewhere_and_one_that_is_here_is_used(account: Account) -> None:
    elsewhere = Settings("notes-AbCdEf0123")
    answer = account.deploy(account.memory(elsewhere, stands_in_for="notes-AbCdEf0123"))
    assert answer["name"] == "notes"
    here = account.client.create_memory(name="here", eventExpiryDuration=7)["memory"]["id"]
    used = account.memory(Settings(here), stands_in_for=here)
    assert account.change(used).action is Action.KEEP
    account.destroy(used)
    assert here in account.ids()
