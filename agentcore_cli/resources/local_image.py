"""The agent's image for the local runtime: in the engine of this machine, named as if in ECR, never pushed.

Its URI has the image's own id for a digest, which the local runtime looks up in the same engine: what a version runs
never changes, whatever is built later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentcore_cli import keys
from agentcore_cli.builders.images import docker_image
from agentcore_cli.builders.images.docker_builder import DockerBuilder, FinishedImage
from agentcore_cli.builders.images.docker_image import EngineImage as Built
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.resources import runtime_facts


@dataclass(frozen=True, slots=True)
class LocalImage:
    """`repository` gives the name."""

    builder: DockerBuilder | FinishedImage
    repository: EcrRepository
    key: str = keys.IMAGE
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        return Desired(self.builder.describe())

    def read(self, recorded: JournalRecord | None) -> Found | None:
        """What was built for the last deploy; without a record, whether there is any image of ours.

        The record of a deploy that did not finish has its facts already, so what was built is told by its tag.
        """
        if recorded is None or "reference" not in recorded.outputs:
            return self._unrecorded()
        reference = recorded.outputs["reference"]
        there = docker_image.inspect(reference)
        if there is None or there.id != recorded.outputs["digest"]:
            return None
        facts = {**recorded.facts, "tag": reference.rpartition(":")[2]}
        return Found(facts, recorded.outputs, reference)

    def apply(self, work: Work) -> Found:
        """Build it unless the engine has it, and give it the name that the local runtime looks for."""
        made = self.builder.build(work)
        reference = f"{self.repository.uri}:{self.builder.tag}"
        docker_image.tag(made, reference)
        return Found(self.builder.describe(), self._outputs(made, reference), reference)

    def destroy(self, found: Found, work: Work) -> None:
        """All images of the agent on this target, those of earlier versions, too."""
        if self.builder.labels:
            docker_image.remove(self.builder.labels)
        docker_image.remove_names(self.repository.uri)

    def artifact(self, outputs: Outputs) -> Mapping[str, Any]:
        """The runtime's `artifact` fact."""
        return runtime_facts.image_artifact(outputs[self.key]["uri"])

    def _unrecorded(self) -> Found | None:
        """An engine that does not answer has none: who needs it finds out when it builds."""
        try:
            names = docker_image.labelled(self.builder.labels) if self.builder.labels else []
        except AgentcoreError:
            return None
        return Found({}, name=names[0]) if names else None

    def _outputs(self, built: Built, reference: str) -> dict[str, str]:
        return {"uri": f"{self.repository.uri}@{built.id}", "digest": built.id, "reference": reference}
