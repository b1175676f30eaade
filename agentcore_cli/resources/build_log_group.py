"""The log group of an agent's CodeBuild project: made ahead, with our tags; it outlives no project."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli import keys
from agentcore_cli.aws.log_groups import LogGroupDescription, LogGroups
from agentcore_cli.config import AgentConfig
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.resources.ownership import Owner, change_tags, made, tags_of_people


@dataclass(frozen=True, slots=True)
class BuildLogGroup:
    name: str
    owner: Owner
    agent: AgentConfig
    client: LogGroups
    key: str = keys.BUILD_LOG
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        facts = {"retention": self.agent.log_retention, "tags": {**self.agent.tags, **self.owner.tags}}
        return Desired(facts, {"name": self.name})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        there = self._there()
        if there is None:
            return None
        tags = self.client.tags(there.arn)
        refusal = self.owner.refusal(f"log group {self.name}", tags, recorded=recorded is not None)
        facts = {"retention": there.retention, "tags": tags_of_people(tags)}
        return Found(facts, {"name": self.name}, there.arn, refusal)

    def apply(self, work: Work) -> Found:
        found, wanted = work.found or self._make(work), work.desired
        if found.facts["retention"] != wanted["retention"]:
            self.client.set_retention(self.name, wanted["retention"])
        change_tags(self.client, found.name, found.facts["tags"], wanted["tags"])
        return Found(wanted, {"name": self.name}, found.name)

    def destroy(self, found: Found, work: Work) -> None:
        """With all its lines."""
        self.client.delete(self.name)

    def _make(self, work: Work) -> Found:
        def create() -> None:
            self.client.create(self.name, work.desired["tags"])

        return made(f"log group {self.name}", create, lambda: self.read(None))

    def _there(self) -> LogGroupDescription | None:
        return next((group for group in self.client.all(self.name) if group.name == self.name), None)
