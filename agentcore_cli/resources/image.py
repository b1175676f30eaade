"""The agent's image: built on this machine, pushed under the hash of its inputs, deployed by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentcore_cli.aws.repositories import Image as Answer
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.builders import docker_image, docker_push, image
from agentcore_cli.builders.docker_push import Login
from agentcore_cli.builders.image import ImageProject, Inputs
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Desired, Facts, FieldChange, Found, Outputs, Record, Work
from agentcore_cli.errors import AgentcoreError

KEY: Final = "image"
_TAG: Final = "tag"


@dataclass(frozen=True, slots=True)
class Image:
    """`door` is of the region of the repository at `address`; `packages` is the folder where packages are kept."""

    project: ImageProject
    address: EcrRepository
    door: Repositories
    packages: Path
    key: str = KEY
    depends_on: tuple[str, ...] = ("repository",)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        """Raises what a build would raise before it starts, if there is one to be."""
        inputs = image.read(self.project)
        if found is None or found.facts.get(_TAG) != inputs.tag:
            docker_image.check(inputs)
        return Desired(self._facts(inputs), {_TAG: inputs.tag})

    def read(self, recorded: Record | None) -> Found | None:
        """What was deployed last, by its digest; without a record the image that the inputs would make."""
        digest = recorded.outputs.get("digest") if recorded else None
        if recorded and digest:
            there = self._image(digest=digest)
            return self._found(there, _known(recorded), recorded.outputs[_TAG]) if there else None
        inputs = image.read(self.project)
        there = self._image(tag=inputs.tag)
        return self._found(there, self._facts(inputs), inputs.tag) if there else None

    def replaces(self, change: FieldChange) -> bool:
        return False

    def prepare(self, work: Work) -> None:
        """Build it, unless it was pushed before."""
        inputs = image.read(self.project)
        if self._image(tag=inputs.tag) is None:
            self._build(inputs, work)

    def apply(self, work: Work) -> Found:
        """Push it, unless it was pushed before: tags are immutable, and equal inputs make equal images."""
        inputs = image.read(self.project)
        there = self._image(tag=inputs.tag) or self._push(inputs, work)
        return self._found(there, self._facts(inputs), inputs.tag)

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: the repository takes its images along, and a given one keeps them."""

    def _facts(self, inputs: Inputs) -> dict[str, Any]:
        return {**inputs.describe(), _TAG: inputs.tag, "repository": self.address.uri}

    def _found(self, there: Answer, facts: Facts, tag: str) -> Found:
        uri = f"{self.address.uri}@{there.digest}"
        return Found(facts, {"uri": uri, "digest": there.digest, _TAG: tag}, uri)

    def _image(self, *, tag: str | None = None, digest: str | None = None) -> Answer | None:
        return self.door.image(self.address.name, tag=tag, digest=digest, registry=self.address.account)

    def _build(self, inputs: Inputs, work: Work) -> docker_image.LocalImage:
        return docker_image.build(inputs, self.packages, tell=work.tell, stopping=work.stopping)

    def _push(self, inputs: Inputs, work: Work) -> Answer:
        built = self._build(inputs, work)
        token = self.door.authorization()
        work.tell(f"pushing to {self.address.uri}")
        login = Login(token.user, token.password)
        pushed = docker_push.push(built, self.address.uri, inputs.tag, login, tell=work.tell, stopping=work.stopping)
        there = self._image(digest=pushed.digest)
        if there is None:
            raise AgentcoreError(
                f"{self.address.uri}@{pushed.digest}: pushed, and ECR does not have it",
                hint="run the same command again",
            )
        return there


def _known(recorded: Record) -> dict[str, Any]:
    """The facts of what was deployed. A step that did not end has noted what it wanted, under another tag."""
    return {**recorded.facts, _TAG: recorded.outputs[_TAG]}


@dataclass(frozen=True, slots=True)
class BuiltImages:
    """What builds left in the engine of this machine, for a destroy: the images with these labels."""

    labels: Mapping[str, str]
    key: str = KEY
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> None:
        """Nothing wants them any more."""

    def read(self, recorded: Record | None) -> Found | None:
        """There if something was built; whoever has no engine any more has no images either."""
        return Found({}, name="built images in the local engine") if recorded and recorded.outputs else None

    def replaces(self, change: FieldChange) -> bool:
        return False

    def apply(self, work: Work) -> Found:
        raise NotImplementedError("images are made by Image")

    def destroy(self, found: Found, work: Work) -> None:
        docker_image.forget(self.labels)
