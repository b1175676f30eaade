"""An earlier version's artifact and settings, made the newest of the runtime: AgentCore never goes back by itself."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli.aws.runtimes import RuntimeDescription
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import AgentcoreError, ConflictError
from agentcore_cli.resources import runtime_facts
from agentcore_cli.resources.rollout import MOVING, READY
from agentcore_cli.resources.runtime import MMDS_V2, ROLLED_BACK_TO, Runtime, outputs_of


@dataclass(frozen=True, slots=True)
class EarlierVersion:
    """`version` is what GetAgentRuntime says of the version that is wanted again; tags are no part of versions."""

    runtime: Runtime
    version: RuntimeDescription

    @property
    def key(self) -> str:
        return self.runtime.key

    @property
    def depends_on(self) -> tuple[str, ...]:
        return ()

    @property
    def sensitive(self) -> frozenset[str]:
        return self.runtime.sensitive

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        if found is None:
            raise AgentcoreError("the runtime was deleted meanwhile", hint="deploy makes it anew")
        facts = self.runtime.facts(self.version, None, found.facts["tags"])
        return Desired(facts | {"status": READY, "mmds_v2": True})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        return self.runtime.read(recorded)

    def apply(self, work: Work) -> Found:
        found, rollout = work.found, self.runtime.rollout
        if found is None:
            raise ConflictError("the runtime was deleted meanwhile", hint="deploy makes it anew")
        runtime_id = found.outputs["id"]
        if found.facts["status"] in MOVING:
            rollout.rest(work, runtime_id)
        identity = {"agentRuntimeId": runtime_id, "clientToken": work.token}
        body = runtime_facts.body_of_version(self.version.settings) | MMDS_V2 | identity
        made = rollout.put(work, self.runtime.client.update, body)
        work.save(outputs_of(made))
        answer, endpoint = rollout.settled(work, runtime_id, made.version)
        outputs = outputs_of(answer) | {ROLLED_BACK_TO: self.version.version}
        return Found(self.runtime.facts(answer, endpoint, found.facts["tags"]), outputs, answer.arn)

    def destroy(self, found: Found, work: Work) -> None:
        """Never: the runtime stays."""
