"""The log groups of an agent's runtime: the main one made ahead with its retention, all of them removed in the end.

AgentCore makes a group for each endpoint at its first call, with no retention and no tags. Nobody else's group has a
name that begins with our runtime's id, so those are the agent's as well and go with the runtime, unless logs are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import contract, keys
from agentcore_cli.aws.log_groups import LogGroupDescription, LogGroups
from agentcore_cli.config import AgentConfig
from agentcore_cli.engine import PENDING, Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import ConflictError
from agentcore_cli.resources.ownership import Owner, change_tags, tags_of_people

_BETWEEN: Final = ", "  # which no name of a group has in it (CreateLogGroup)


@dataclass(frozen=True, slots=True)
class LogGroupSpec:
    """`runtime` is the runtime's name, which an id and so a group's name begins with.

    `runtime_id` gives the id of our runtime, if it is there: to remove the groups that AgentCore made for it. A deploy
    leaves that question out: it finds its own group by the tags.
    """

    runtime: str
    owner: Owner
    agent: AgentConfig
    account: str
    region: str
    runtime_id: Callable[[], str | None] = lambda: None


@dataclass(frozen=True, slots=True)
class LogGroup:
    """For a deploy only where `log_retention` is configured; for a destroy always, unless logs are kept."""

    spec: LogGroupSpec
    client: LogGroups
    key: str = keys.LOG_GROUP
    depends_on: tuple[str, ...] = (keys.RUNTIME,)
    outlives: tuple[str, ...] = (keys.RUNTIME,)  # while the runtime lives, a session may write and so make it again
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        facts = {
            "name": _name(outputs[keys.RUNTIME]["id"]),
            "retention": self.spec.agent.log_retention,
            "tags": {**self.spec.agent.tags, **self.spec.owner.tags},
        }
        return Desired(facts, {"name": facts["name"]})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        """The group that is recorded, else the newest of ours."""
        ours = self._ours(recorded)
        if not ours:
            return None
        known = recorded.outputs.get("name") if recorded else None
        group, tags = max(ours, key=lambda it: (it[0].name == known, it[0].created_at))
        facts = {"name": group.name, "retention": group.retention, "tags": tags_of_people(tags)}
        return Found(facts, {"name": group.name}, _BETWEEN.join(sorted(other.name for other, _ in ours)))

    def apply(self, work: Work) -> Found:
        name, facts = work.desired["name"], work.desired
        found = work.found
        if found is None or found.facts["name"] != name:  # that of a runtime which is gone stays for its time
            found = self._make(work, name)
        if found.facts["retention"] != facts["retention"]:
            self.client.set_retention(name, facts["retention"])
        change_tags(self.client, self._arn(name), found.facts["tags"], facts["tags"])
        return Found(facts, {"name": name}, name)

    def claim(self) -> None:
        """Before a destroy begins: put our tags on the groups that AgentCore made for our runtime.

        When the runtime is gone, nothing else tells whose they are to a destroy that has to start again.
        """
        for group, tags in self._ours(None):
            if self.spec.owner.tags.items() - tags.items():
                self.client.tag(group.arn, self.spec.owner.tags)

    def destroy(self, found: Found, work: Work) -> None:
        """Delete all of ours with their lines."""
        for name in {*found.name.split(_BETWEEN), *(group.name for group, _ in self._ours(None))}:
            work.tell(f"deleting {name}")
            self.client.delete(name)

    def _make(self, work: Work, name: str) -> Found:
        """Make it, or take on what AgentCore made for our runtime meanwhile; refuse what has another owner's tags."""
        tags = work.desired["tags"]
        try:
            self.client.create(name, tags)
        except ConflictError as error:
            there = next((group for group in self.client.all(name) if group.name == name), None)
            if there is None:
                raise
            tags = self.client.tags(there.arn)
            if refusal := self.spec.owner.refusal(f"log group {name}", tags, recorded=True):
                raise refusal from error
            work.tell("AgentCore has made it already")
            return Found({"name": name, "retention": there.retention, "tags": tags_of_people(tags)})
        work.save({"name": name})
        return Found({"name": name, "retention": None, "tags": tags})

    def _arn(self, name: str) -> str:
        place = f"arn:{contract.partition(self.spec.region)}:logs:{self.spec.region}:{self.spec.account}"
        return f"{place}:log-group:{name}"

    def _ours(self, recorded: JournalRecord | None) -> list[tuple[LogGroupDescription, dict[str, Any]]]:
        """The groups with our tags, the recorded one, and those of our runtime's id; never one with other tags."""
        known = recorded.outputs.get("name") if recorded else None
        runtime_id = self.spec.runtime_id()
        ours = []
        for group in self.client.all(contract.log_group(self.spec.runtime, "")):
            by_name = group.name == known or bool(
                runtime_id and group.name.startswith(contract.log_group(runtime_id, ""))
            )
            tags = self.client.tags(group.arn)
            if self.spec.owner.refusal(group.name, tags, recorded=by_name) is None:
                ours.append((group, tags))
        return ours


def _name(runtime_id: str) -> str:
    """The main group of a runtime; not known before a runtime that is made anew has its id."""
    return PENDING if runtime_id == PENDING else contract.log_group(runtime_id, contract.DEFAULT_ENDPOINT)
