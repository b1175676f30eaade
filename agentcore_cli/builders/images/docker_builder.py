"""The builder that a Docker Engine works for, and images that the engine has already."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from agentcore_cli.builders.builder import BuildWork, Name
from agentcore_cli.builders.images import docker_image, docker_push, image, image_context
from agentcore_cli.builders.images import image_limits as runnable
from agentcore_cli.builders.images.docker_image import EngineImage
from agentcore_cli.builders.images.image import ImageInputs, ImageProject
from agentcore_cli.builders.packages.vetting import Vet, accept
from agentcore_cli.builders.registry.access import SignIn
from agentcore_cli.errors import InputError

_TAG_LENGTH: Final = 32


@dataclass(frozen=True)
class DockerBuilder:
    """`cache` is the folder where packages are kept between builds."""

    project: ImageProject
    cache: Path
    vet: Vet = accept
    name: Name = "docker"

    @cached_property
    def _inputs(self) -> ImageInputs:
        return image.read(self.project)

    @property
    def tag(self) -> str:
        return self._inputs.tag

    @property
    def labels(self) -> Mapping[str, str]:
        """Those that the image carries because of us."""
        return self.project.labels

    def describe(self) -> dict[str, Any]:
        return self._inputs.describe()

    def check(self) -> None:
        docker_image.check(self._inputs)

    def build(self, work: BuildWork) -> EngineImage:
        return docker_image.build(self._inputs, self.cache, tell=work.tell, stopping=work.stopping, vet=self.vet)

    def largest(self, count: int) -> list[tuple[str, int]]:
        wanted = self._inputs.wanted
        installed = self.cache / wanted.key if wanted else None
        return image_context.largest(image_context.items(self._inputs, installed), count)

    def save(self, work: BuildWork, file: Path) -> EngineImage:
        """As the engine writes it: `docker load` takes it anywhere."""
        built = self.build(work)
        docker_image.save(built, file, tell=work.tell, stopping=work.stopping)
        return built


@dataclass(frozen=True)
class FinishedImage:
    """An image that the engine has under a name of the user's, `NAME` or `NAME:TAG`; it is never changed or removed."""

    reference: str
    name: Name = "docker"

    @property
    def labels(self) -> Mapping[str, str]:
        return {}

    @cached_property
    def _found(self) -> EngineImage:
        name = self.reference
        found = docker_image.inspect(name)
        if found is None:
            raise InputError(
                f"image {name}: the Docker Engine of this machine has none of that name",
                hint=f"docker build --platform {runnable.PLATFORM} -t {name} . ; or, for one that is in ECR "
                "already, its whole URI: 123456789012.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG",
            )
        runnable.require_arm64(f"image {name}", found.architecture)
        runnable.require_small(f"image {name}", found.size)
        return found

    @property
    def tag(self) -> str:
        return self._found.id.removeprefix("sha256:")[:_TAG_LENGTH]

    def describe(self) -> dict[str, Any]:
        return {"tag": self.tag, "name": self.reference}

    def check(self) -> None:
        """Looking at it was the check."""

    def build(self, work: BuildWork) -> EngineImage:
        return self._found

    def largest(self, count: int) -> list[tuple[str, int]]:
        return []

    def save(self, work: BuildWork, file: Path) -> EngineImage:
        docker_image.save(self._found, file, tell=work.tell, stopping=work.stopping)
        return self._found


@dataclass(frozen=True, slots=True)
class DockerPublisher:
    """`sign_in` is asked once for each push."""

    sign_in: Callable[[], SignIn]

    def publish(self, artifact: EngineImage, name: str, work: BuildWork) -> str:
        """Push it as `REPOSITORY:TAG`; gives the digest of its manifest, by which it is pulled."""
        repository, _, tag = name.rpartition(":")
        return docker_push.push(artifact.id, repository, tag, self.sign_in(), tell=work.tell, stopping=work.stopping)
