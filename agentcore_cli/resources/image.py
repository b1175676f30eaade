"""The agent's image: in the engine of this machine, pushed under the hash of what it is, deployed by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli import events, keys
from agentcore_cli.aws.repositories import Image as Answer
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.builders import docker_push
from agentcore_cli.builders.docker_engine import EngineMissingError
from agentcore_cli.builders.docker_push import SignIn
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Desired, FieldChange, Found, Outputs, Record, Work
from agentcore_cli.errors import ConflictError
from agentcore_cli.events import Listener, Note
from agentcore_cli.resources.image_source import ImageSource

_REPOSITORY: Final = "repository"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is pushed, and where it goes."""

    source: ImageSource
    address: EcrRepository
    listener: Listener = events.ignore


@dataclass(frozen=True)
class Image:
    """`door` is of the repository's region; `registry` is its account where that is not the caller's."""

    wish: Wish
    door: Repositories
    registry: str | None = None
    key: str = keys.IMAGE
    depends_on: tuple[str, ...] = (_REPOSITORY,)
    sensitive: frozenset[str] = frozenset()

    def desired(self, outputs: Outputs, found: Found | None) -> Desired:
        """Raises what a build is refused for before it starts: a fault of the project, no emulation.

        Without an engine that can't be looked at, which is told: a plan goes on, and `prepare` raises.
        """
        source = self.wish.source
        if found is None or found.outputs.get("tag") != source.tag:
            try:
                source.check()
            except EngineMissingError as error:
                self.wish.listener(Note(f"not looked at whether the image can be built: {error.message}", "warning"))
        return Desired(source.describe(), {"tag": source.tag})

    def read(self, recorded: Record | None) -> Found | None:
        """The image as it is wanted today; else the one that was pushed last, to compare with.

        The record of a deploy that did not finish has its facts already, so what was pushed is told by its tag.
        """
        source = self.wish.source
        last = recorded.outputs if recorded else {}
        there = self.door.image(self.wish.address.name, tag=source.tag, registry=self.registry)
        if there:
            moved = last.get("tag") == source.tag and last.get("digest") != there.digest
            refusal = self._moved(source.tag) if moved else None
            outputs = self._outputs(there, source.tag)
            return Found(source.describe(), outputs, outputs["uri"], refusal)
        if recorded is None or not last or last["tag"] == source.tag:
            return None
        return Found({**recorded.facts, "tag": last["tag"]}, last, last["uri"])

    def replaces(self, change: FieldChange) -> bool:
        return False

    def prepare(self, work: Work) -> None:
        """Build it; that needs nothing of AWS."""
        self.wish.source.make(work)

    def apply(self, work: Work) -> Found:
        source = self.wish.source
        there = self._pushed(work, source.tag, source.make(work).id)
        outputs = self._outputs(there, source.tag)
        return Found(source.describe(), outputs, outputs["uri"])

    def destroy(self, found: Found, work: Work) -> None:
        """Nothing: images go with their repository."""

    def _pushed(self, work: Work, tag: str, image_id: str) -> Answer:
        signed_in = self.door.authorization()
        sign_in = SignIn(signed_in.user, signed_in.password)
        work.tell(f"pushing to {self.wish.address.uri}")
        try:
            digest = docker_push.push(
                image_id, self.wish.address.uri, tag, sign_in, tell=work.tell, stopping=work.stopping
            )
        except ConflictError:  # another deploy with the same inputs was faster; tags are immutable
            there = self.door.image(self.wish.address.name, tag=tag, registry=self.registry)
            if there is None:
                raise
            return there
        return Answer(digest, (tag,), 0)

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
    key: str = keys.IMAGE
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
