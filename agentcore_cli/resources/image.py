"""The agent's image: built for arm64 in the Docker Engine, pushed to its repository, deployed by digest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.builders import docker_image, image, pushed
from agentcore_cli.builders.docker_image import LocalImage
from agentcore_cli.builders.image import ImageProject, Inputs
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import PENDING, Desired, FieldChange, Found, Outputs, Record, Work
from agentcore_cli.resources import repository

KEY: Final = "image"


@dataclass(frozen=True)
class Image:
    """`packages` is the folder where packages are kept, `door` is of the repository's region."""

    project: ImageProject
    address: EcrRepository
    door: Repositories
    packages: Path
    key: str = KEY
    depends_on: tuple[str, ...] = (repository.KEY,)
    sensitive: frozenset[str] = frozenset()

    @cached_property
    def _inputs(self) -> Inputs:
        return image.read(self.project)

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        facts = self._inputs.describe()
        if found and found.facts == facts:
            return Desired(facts, found.outputs)
        docker_image.check(self._inputs)
        return Desired(facts, {"uri": PENDING, "digest": PENDING, "tag": self._inputs.tag})

    def read(self, recorded: Record | None) -> Found | None:
        """By the digest that the records have, if it is still there; else by the tag that the inputs would have."""
        if recorded and recorded.outputs.get("digest"):
            there = self.door.image(self.address.name, digest=recorded.outputs["digest"], registry=self._registry)
            if there:
                return Found(recorded.facts, recorded.outputs, recorded.outputs["uri"])
        return self._pushed()

    def replaces(self, change: FieldChange) -> bool:
        return False

    def prepare(self, work: Work) -> None:
        """Build it; nothing in AWS is touched."""
        self._built(work)

    def apply(self, work: Work) -> Found:
        """Push it, unless an image of the same inputs is there: tags don't move."""
        if there := self._pushed():
            return there
        built = self._built(work)
        token = self.door.authorization()
        credentials = {"username": token.user, "password": token.password}
        uri, tag = self.address.uri, self._inputs.tag
        digest = pushed.push(built.id, uri, tag, credentials, tell=work.tell, stopping=work.stopping)
        return self._found(digest)

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing in AWS: it goes with its repository, or stays in one that is not ours."""

    @property
    def _registry(self) -> str:
        return self.address.account

    def _built(self, work: Work) -> LocalImage:
        return docker_image.build(self._inputs, self.packages, tell=work.tell, stopping=work.stopping)

    def _pushed(self) -> Found | None:
        there = self.door.image(self.address.name, tag=self._inputs.tag, registry=self._registry)
        return self._found(there.digest) if there else None

    def _found(self, digest: str) -> Found:
        outputs: dict[str, Any] = {"uri": f"{self.address.uri}@{digest}", "digest": digest, "tag": self._inputs.tag}
        return Found(self._inputs.describe(), outputs, outputs["uri"])
