"""Where an image comes from: built of the project, or there already in the engine of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

from agentcore_cli.builders import docker_image, image, runnable
from agentcore_cli.builders.docker_image import LocalImage
from agentcore_cli.builders.image import ImageProject, Inputs
from agentcore_cli.builders.vetting import Vet, accept
from agentcore_cli.engine import Work
from agentcore_cli.errors import InputError

_TAG_LENGTH: Final = 32


class ImageSource(Protocol):
    """Looked at once: what was planned is what is made. All raise InputError for what AgentCore can't run."""

    @property
    def tag(self) -> str:
        """The same for equal images."""
        ...

    def describe(self) -> dict[str, Any]:
        """The facts, for comparing and showing."""
        ...

    def check(self) -> None:
        """Raise what `make` would raise before it starts."""
        ...

    def make(self, work: Work) -> LocalImage:
        """The image in the engine; made now unless it is there."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """Those that the image carries because of us."""
        ...


@dataclass(frozen=True)
class BuiltImage:
    """`cache` is the folder where packages are kept between builds."""

    project: ImageProject
    cache: Path
    vet: Vet = accept

    @cached_property
    def _inputs(self) -> Inputs:
        return image.read(self.project)

    @property
    def tag(self) -> str:
        return self._inputs.tag

    @property
    def labels(self) -> Mapping[str, str]:
        return self.project.labels

    def describe(self) -> dict[str, Any]:
        return self._inputs.describe()

    def check(self) -> None:
        docker_image.check(self._inputs)

    def make(self, work: Work) -> LocalImage:
        return docker_image.build(self._inputs, self.cache, tell=work.tell, stopping=work.stopping, vet=self.vet)


@dataclass(frozen=True)
class FinishedImage:
    """An image that the engine has under a name of the user's, `NAME` or `NAME:TAG`; it is never changed or removed."""

    name: str

    @property
    def labels(self) -> Mapping[str, str]:
        return {}

    @cached_property
    def _found(self) -> LocalImage:
        found = docker_image.inspect(self.name)
        if found is None:
            raise InputError(
                f"image {self.name}: the Docker Engine of this machine has none of that name",
                hint=f"docker build --platform {runnable.PLATFORM} -t {self.name} . ; or, for one that is in ECR "
                "already, its whole URI: 123456789012.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG",
            )
        runnable.require_arm64(f"image {self.name}", found.architecture)
        runnable.require_small(f"image {self.name}", found.size)
        return found

    @property
    def tag(self) -> str:
        return self._found.id.removeprefix("sha256:")[:_TAG_LENGTH]

    def describe(self) -> dict[str, Any]:
        return {"tag": self.tag, "name": self.name}

    def check(self) -> None:
        """Looking at it was the check."""

    def make(self, work: Work) -> LocalImage:
        return self._found
