"""The agent's image: built on this machine, pushed under the hash of what it is, deployed by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agentcore_cli import events, keys
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.builders.builder import Artifact, Builder, Publisher
from agentcore_cli.builders.images.docker_engine import EngineMissingError
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Desired, Found, JournalRecord, Outputs, Work
from agentcore_cli.errors import ConflictError
from agentcore_cli.events import Listener, Note


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What is pushed, and where it goes."""

    builder: Builder[Any]
    publisher: Publisher[Any]
    address: EcrRepository
    listener: Listener = events.ignore


@dataclass(frozen=True)
class Image:
    """`client` is of the repository's region; `registry` is its account where that is not the caller's."""

    spec: ImageSpec
    client: Repositories
    registry: str | None = None
    key: str = keys.IMAGE
    depends_on: tuple[str, ...] = (keys.REPOSITORY,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        """Raises what a build is refused for before it starts: a fault of the project, no emulation.

        Without an engine that can't be looked at, which is told: a plan goes on, and `prepare` raises.
        """
        builder = self.spec.builder
        if found is None or found.outputs.get("tag") != builder.tag:
            try:
                builder.check()
            except EngineMissingError as error:
                self.spec.listener(Note(f"not looked at whether the image can be built: {error.message}", "warning"))
        return Desired(builder.describe(), {"tag": builder.tag})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        """The image as it is wanted today; else the one that was pushed last, to compare with.

        The record of a deploy that did not finish has its facts already, so what was pushed is told by its tag.
        """
        builder = self.spec.builder
        last = recorded.outputs if recorded else {}
        there = self.client.image(self.spec.address.name, tag=builder.tag, registry=self.registry)
        if there:
            moved = last.get("tag") == builder.tag and last.get("digest") != there.digest
            refusal = self._moved(builder.tag) if moved else None
            outputs = self._outputs(there.digest, builder.tag)
            return Found(builder.describe(), outputs, outputs["uri"], refusal)
        if recorded is None or not last or last["tag"] == builder.tag:
            return None
        return Found({**recorded.facts, "tag": last["tag"]}, last, last["uri"])

    def prepare(self, work: Work) -> None:
        """Build it; that needs nothing of AWS."""
        self.spec.builder.build(work)

    def apply(self, work: Work) -> Found:
        builder = self.spec.builder
        outputs = self._outputs(self._published(work, builder.build(work)), builder.tag)
        return Found(builder.describe(), outputs, outputs["uri"])

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: images go with their repository."""

    def _published(self, work: Work, artifact: Artifact) -> str:
        address, tag = self.spec.address, self.spec.builder.tag
        work.tell(f"pushing to {address.uri}")
        try:
            return self.spec.publisher.publish(artifact, f"{address.uri}:{tag}", work)
        except ConflictError:  # another deploy with the same inputs was faster; tags are immutable
            there = self.client.image(address.name, tag=tag, registry=self.registry)
            if there is None:
                raise
            return there.digest

    def _outputs(self, digest: str, tag: str) -> dict[str, str]:
        return {"uri": f"{self.spec.address.uri}@{digest}", "digest": digest, "tag": tag}

    def _moved(self, tag: str) -> ConflictError:
        address = self.spec.address
        return ConflictError(
            f"image {address.uri}:{tag}: another image has this tag now than the one that was pushed",
            hint=f"aws ecr batch-delete-image --repository-name {address.name} --image-ids imageTag={tag}; then deploy",
        )


@dataclass(frozen=True, slots=True)
class PushedImage:
    """What a destroy knows of the image: it goes with `repository`, which is ours, and stays in any other."""

    repository: EcrRepository | None
    key: str = keys.IMAGE
    depends_on: tuple[str, ...] = (keys.REPOSITORY,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        return Desired({})

    def read(self, recorded: JournalRecord | None) -> Found | None:
        outputs: Mapping[str, Any] = recorded.outputs if recorded else {}
        if not outputs:
            return None
        goes = self.repository is not None and outputs["uri"].startswith(f"{self.repository.uri}@")
        return Found({}, outputs, outputs["uri"], supplied=not goes)

    def apply(self, work: Work) -> Found:
        raise AssertionError("a destroy makes nothing")

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: images go with their repository."""
