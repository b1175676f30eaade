"""The agent's image: built here for linux/arm64, pushed under the hash of its inputs, deployed by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from agentcore_cli import events
from agentcore_cli.aws.repositories import Image as Answer
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.builders import docker_image, docker_push, image
from agentcore_cli.builders.docker_engine import EngineMissingError
from agentcore_cli.builders.docker_push import SignIn
from agentcore_cli.builders.image import ImageProject, Inputs
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Desired, FieldChange, Found, Outputs, Record, Work
from agentcore_cli.errors import ConflictError
from agentcore_cli.events import Listener, Note

KEY: Final = "image"
_REPOSITORY: Final = "repository"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is built and where it goes. `cache` is the folder where packages are kept."""

    project: ImageProject
    address: EcrRepository
    cache: Path
    listener: Listener = events.ignore


@dataclass(frozen=True)
class Image:
    """`door` is of the repository's region; `registry` is its account where that is not the caller's.

    The project is looked at once: what was planned is what is built.
    """

    wish: Wish
    door: Repositories
    registry: str | None = None
    key: str = KEY
    depends_on: tuple[str, ...] = (_REPOSITORY,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        """Raises what a build is refused for before it starts: a fault of the project, no emulation.

        Without an engine that can't be looked at, which is told: a plan goes on, and `prepare` raises.
        """
        inputs = self._inputs
        if found is None or found.outputs.get("tag") != inputs.tag:
            try:
                docker_image.check(inputs)
            except EngineMissingError as error:
                self.wish.listener(Note(f"not looked at whether the image can be built: {error.message}", "warning"))
        return Desired(inputs.describe(), {"tag": inputs.tag})

    def read(self, recorded: Record | None) -> Found | None:
        """The image with today's inputs; else the one that was pushed last, to compare with.

        The record of a deploy that did not finish has its facts already, so what was pushed is told by its tag.
        """
        inputs = self._inputs
        last = recorded.outputs if recorded else {}
        there = self.door.image(self.wish.address.name, tag=inputs.tag, registry=self.registry)
        if there:
            moved = last.get("tag") == inputs.tag and last.get("digest") != there.digest
            refusal = self._moved(inputs.tag) if moved else None
            outputs = self._outputs(there, inputs.tag)
            return Found(inputs.describe(), outputs, outputs["uri"], refusal)
        if recorded is None or not last or last["tag"] == inputs.tag:
            return None
        return Found({**recorded.facts, "tag": last["tag"]}, last, last["uri"])

    def replaces(self, change: FieldChange) -> bool:
        return False

    def prepare(self, work: Work) -> None:
        """Build it; that needs nothing of AWS."""
        docker_image.build(self._inputs, self.wish.cache, tell=work.tell, stopping=work.stopping)

    def apply(self, work: Work) -> Found:
        inputs = self._inputs
        built = docker_image.build(inputs, self.wish.cache, tell=work.tell, stopping=work.stopping)
        there = self._pushed(work, inputs, built.id)
        outputs = self._outputs(there, inputs.tag)
        return Found(inputs.describe(), outputs, outputs["uri"])

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: images go with their repository."""

    @cached_property
    def _inputs(self) -> Inputs:
        return image.read(self.wish.project)

    def _pushed(self, work: Work, inputs: Inputs, image_id: str) -> Answer:
        signed_in = self.door.authorization()
        sign_in = SignIn(signed_in.user, signed_in.password)
        work.tell(f"pushing to {self.wish.address.uri}")
        try:
            digest = docker_push.push(
                image_id, self.wish.address.uri, inputs.tag, sign_in, tell=work.tell, stopping=work.stopping
            )
        except ConflictError:  # another deploy with the same inputs was faster; tags are immutable
            there = self.door.image(self.wish.address.name, tag=inputs.tag, registry=self.registry)
            if there is None:
                raise
            return there
        return Answer(digest, (inputs.tag,), 0)

    def _outputs(self, there: Answer, tag: str) -> dict[str, str]:
        return {"uri": f"{self.wish.address.uri}@{there.digest}", "digest": there.digest, "tag": tag}

    def _moved(self, tag: str) -> ConflictError:
        address = self.wish.address
        return ConflictError(
            f"image {address.uri}:{tag}: another image has this tag now than the one that was pushed",
            hint=f"aws ecr batch-delete-image --repository-name {address.name} --image-ids imageTag={tag}; then deploy",
        )


@dataclass(frozen=True, slots=True)
class PushedImage:
    """What a destroy knows of the image: it goes with `repository`, which is ours, and stays in any other."""

    repository: EcrRepository | None
    key: str = KEY
    depends_on: tuple[str, ...] = (_REPOSITORY,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        return Desired({})

    def read(self, recorded: Record | None) -> Found | None:
        outputs: Mapping[str, Any] = recorded.outputs if recorded else {}
        if not outputs:
            return None
        goes = self.repository is not None and outputs["uri"].startswith(f"{self.repository.uri}@")
        return Found({}, outputs, outputs["uri"], given=not goes)

    def replaces(self, change: FieldChange) -> bool:
        return False

    def apply(self, work: Work) -> Found:
        raise AssertionError("a destroy makes nothing")

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: images go with their repository."""
