"""The AgentCore Memory of an agent: ours, made, waited for and kept by a destroy; or one that the config names by id.

It holds what users said, so nothing here makes it anew in place of one that was in use: what would need that is
refused with the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from agentcore_cli import keys
from agentcore_cli.aws.memories import MemoryControl, MemoryDescription
from agentcore_cli.config import MemoryConfig as Settings
from agentcore_cli.contract import MEMORY_VARIABLES
from agentcore_cli.engine import Desired, FieldChange, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import AgentcoreError, ConflictError, InputError, NotFoundError
from agentcore_cli.resources import memory_facts
from agentcore_cli.resources.ownership import Owner, change_tags, tags_of_people, taken
from agentcore_cli.resources.supplied import Supplied
from agentcore_cli.resources.wait_options import WaitOptions

ACTIVE: Final = "ACTIVE"
MOVING: Final = frozenset({"CREATING", "UPDATING"})
_NEVER_USED: Final = "CREATE_FAILED"  # our word for one that FAILED before it was ever ACTIVE
_USED: Final = "used"  # among the outputs: it has been ACTIVE, so that something may be in it
_OUTSIDE_AN_UPDATE: Final = frozenset({"tags", "status"})


@dataclass(frozen=True, slots=True)
class MemorySpec:
    """`name` is the memory's on this target, `tags` are the agent's own.

    `stands_in_for` is the id of a memory elsewhere that the config names: if it is here, it is used as it is, and
    else ours takes its place (on the local runtime, for one that is on AWS).
    """

    name: str
    owner: Owner
    settings: Settings
    tags: Mapping[str, str] = field(default_factory=dict)
    stands_in_for: str | None = None


def variables(outputs: Outputs) -> dict[str, str]:
    """How the agent is told which memory is its own."""
    memory_id: str = outputs[keys.MEMORY]["id"]
    return dict.fromkeys(MEMORY_VARIABLES, memory_id)


@dataclass(frozen=True, slots=True)
class Memory:
    spec: MemorySpec
    client: MemoryControl
    wait_options: WaitOptions = field(default_factory=WaitOptions)
    key: str = keys.MEMORY
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        """Raises ConflictError for what only another memory could be, without what is in this one."""
        if found and found.supplied:
            return Desired({}, found.outputs)
        facts = memory_facts.facts_of_config(self.spec.settings) | {
            "name": self.spec.name,
            "tags": {**self.spec.tags, **self.spec.owner.tags},
            "status": ACTIVE,
        }
        if found is None or found.refusal:
            return Desired(facts)
        if self.replaces(FieldChange("status", found.facts["status"], ACTIVE)):
            return Desired(facts)
        self._check_lasting(found, facts)
        return Desired(facts, {name: found.outputs[name] for name in ("arn", "id")})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        if self.spec.stands_in_for and (other := self.client.get(self.spec.stands_in_for)):
            return _given(other)
        memory_id = recorded.outputs.get("id") if recorded else None
        by_id = self.client.get(memory_id) if memory_id else None
        answer = by_id or self.client.find(self.spec.name)
        if answer is None:
            return None
        try:
            tags = self.client.tags(answer.arn)
        except NotFoundError:  # a deletion that was under way has ended between the two looks
            return None
        refusal = self.spec.owner.refusal(f"memory {answer.name} ({answer.id})", tags, recorded=by_id is not None)
        if refusal:
            refusal.hint = f"give the memory another name; or use that one as it is: memory: {answer.id}"
        is_used = answer.status == ACTIVE or not (recorded and recorded.outputs and not recorded.outputs.get(_USED))
        return Found(self.facts(answer, tags, is_used=is_used), _outputs(answer, is_used), answer.arn, refusal)

    def replaces(self, change: FieldChange) -> bool:
        return change.name == "status" and change.old in (_NEVER_USED, "DELETING")

    def apply(self, work: Work) -> Found:
        if work.found is None:
            return self._create(work)
        found = work.found
        memory_id = found.outputs["id"]
        change_tags(self.client, found.outputs["arn"], found.facts["tags"], work.desired["tags"])
        if set(work.changed) - _OUTSIDE_AN_UPDATE:
            self._update(work, found)
        return self._settled(work, memory_id)

    def destroy(self, found: Found, work: Work) -> None:
        """Delete it with all that is in it, and wait until it is gone; what is under way is waited for first."""
        memory_id = found.outputs["id"]
        if found.facts["status"] != "DELETING":
            self._wait(work, "the change that is under way has ended", lambda: not self._is(memory_id, MOVING))
            self.client.delete(memory_id)
        self._wait(work, "it is gone", lambda: self.client.get(memory_id) is None)

    def facts(self, answer: MemoryDescription, tags: Mapping[str, str], *, is_used: bool = True) -> dict[str, Any]:
        failed_at_once = answer.status == "FAILED" and not is_used
        return memory_facts.facts_of_answer(answer.settings, self.spec.settings) | {
            "name": answer.settings["name"],
            "tags": tags_of_people(tags),
            "status": _NEVER_USED if failed_at_once else answer.status,
        }

    def _create(self, work: Work) -> Found:
        if self.spec.stands_in_for:
            work.tell(f"{self.spec.stands_in_for} is not here: {self.spec.name} stands in for it, empty at first")
        body = memory_facts.create_body(work.desired)
        try:
            made = self.client.create(
                body | {"name": self.spec.name, "tags": work.desired["tags"], "clientToken": work.token}
            )
        except ConflictError as error:
            raise taken("memory", self.spec.name, self.read(None), error) from error
        work.save(_outputs(made, is_used=False))
        return self._settled(work, made.id)

    def _update(self, work: Work, found: Found) -> None:
        memory_id = found.outputs["id"]
        ids: Mapping[str, str] = found.outputs["strategies"]
        self._wait(work, "the change that is under way has ended", lambda: not self._is(memory_id, MOVING))
        for number, body in enumerate(memory_facts.update_bodies(found.facts, work.desired, ids)):
            if number:
                self._wait(work, "the strategies that go are gone", lambda: not self._is(memory_id, MOVING))
            self.client.update(body | {"memoryId": memory_id, "clientToken": f"{work.token}-{number}"})

    def _settled(self, work: Work, memory_id: str) -> Found:
        """What is there when it is ACTIVE; with --no-wait, what is there now."""
        if self.wait_options.wait:
            self._wait(work, "it is ACTIVE", lambda: not self._is(memory_id, MOVING))
        answer = self._there(memory_id)
        if answer.status == "FAILED":
            raise AgentcoreError(
                f"memory {answer.name} ({answer.id}): FAILED: {answer.failure or 'the service gives no reason'}",
                hint="mend what it says, then deploy again",
            )
        is_used = answer.status == ACTIVE
        return Found(self.facts(answer, work.desired["tags"]), _outputs(answer, is_used), answer.arn)

    def _wait(self, work: Work, what: str, is_so: Callable[[], bool]) -> None:
        self.wait_options.until(is_so, f"memory {self.spec.name}", what, pause=work.pause, tell=work.tell)

    def _is(self, memory_id: str, statuses: frozenset[str]) -> bool:
        return self._there(memory_id).status in statuses

    def _there(self, memory_id: str) -> MemoryDescription:
        answer = self.client.get(memory_id)
        if answer is None:
            raise AgentcoreError(f"memory {memory_id}: deleted by somebody else meanwhile", hint="deploy again")
        return answer

    def _check_lasting(self, found: Found, wanted: Mapping[str, Any]) -> None:
        there, memory_id = found.facts, found.outputs["id"]
        delete = f"agentcore memory delete {memory_id}"
        if there["name"] != wanted["name"]:
            raise ConflictError(
                f"memory {there['name']} ({memory_id}) holds what was said so far, and a memory can't be renamed",
                hint=f"name it again in the config, or, if nobody needs what is in it, {delete}",
            )
        if there["encryption_key"] != wanted["encryption_key"]:
            raise ConflictError(
                f"memory {memory_id}: encryption_key: its key is {there['encryption_key'] or 'the one of AWS'}, and "
                "AgentCore can't change that: it would have to be made anew, without what is in it",
                hint=f"set encryption_key back; or keep what is in it with `agentcore memory export`, then {delete}",
            )
        if there["status"] == "FAILED":
            raise ConflictError(
                f"memory {memory_id}: FAILED: it may hold what was said so far, so it is not made anew unasked",
                hint=f"if nobody needs what is in it, {delete}, then deploy again",
            )


@dataclass(frozen=True, slots=True)
class SuppliedMemory(Supplied):
    """A memory that the config names by its id: used, never changed and never deleted."""

    memory_id: str
    agent: str
    client: MemoryControl
    key: str = keys.MEMORY
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def read(self, recorded: JournalRecord | None) -> Found:
        """Raises InputError when it is not there."""
        answer = self.client.get(self.memory_id)
        if answer is None:
            raise InputError(
                f"agents.{self.agent}.memory: {self.memory_id}: no such memory in this account and region",
                hint="`agentcore memory list` lists them; a name without the ten characters has one made",
            )
        return _given(answer)


def _given(answer: MemoryDescription) -> Found:
    return Found({}, _outputs(answer, is_used=True), answer.arn, supplied=True)


def _outputs(answer: MemoryDescription, is_used: bool) -> dict[str, Any]:
    outputs: dict[str, Any] = {"arn": answer.arn, "id": answer.id, "name": answer.name}
    outputs["strategies"] = memory_facts.strategy_ids(answer.settings)
    return outputs | ({_USED: True} if is_used else {})
