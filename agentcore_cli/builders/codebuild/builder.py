"""The builder for what must be compiled on ARM, on a machine without Docker: CodeBuild does the work.

Packages are installed in the image, whatever `install` says: those that come as wheels need no CodeBuild. The
Dockerfile is that of the Docker builder with `install: image`, or the person's own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from agentcore_cli.builders.builder import BuildWork, Name
from agentcore_cli.builders.codebuild import archive
from agentcore_cli.builders.images import image, image_context
from agentcore_cli.builders.images.image import CredentialsInImageError, ImageInputs, ImageProject
from agentcore_cli.builders.source.finished_zip import FinishedZip, find
from agentcore_cli.contract import EcrRepository, is_in_private_ecr

_FORMAT: Final = "codebuild 1"  # change it when the same inputs would make another image than before
_TAG_LENGTH: Final = 32
_FROM: Final = re.compile(r"^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class CodeBuildBuilder:
    """What it makes here is packed in `archives`: the image is made where it is published."""

    project: ImageProject
    archives: Path
    name: Name = "codebuild"

    @cached_property
    def inputs(self) -> ImageInputs:
        try:
            return image.read(replace(self.project, install="image"))
        except CredentialsInImageError as error:
            error.hint = "take them out of the file; or --build oci or docker: packages are then installed here"
            raise

    @cached_property
    def tag(self) -> str:
        return hashlib.sha256(f"{_FORMAT}\0{self.inputs.tag}".encode()).hexdigest()[:_TAG_LENGTH]

    @property
    def bases(self) -> list[EcrRepository]:
        """The repositories of a private ECR that the Dockerfile begins with."""
        named = _FROM.findall(self.inputs.dockerfile)
        return [EcrRepository.of(name, "", "") for name in named if is_in_private_ecr(name)]

    @property
    def concealed(self) -> Iterable[str]:
        """What no line that is shown may have in it."""
        return self.project.build_args.values()

    def describe(self) -> dict[str, Any]:
        return {**self.inputs.describe(), "tag": self.tag, "builder": self.name}

    def check(self) -> None:
        """Looking at the project was the check: this machine needs nothing."""

    def build(self, work: BuildWork) -> FinishedZip:
        """What CodeBuild builds from; packed now unless it is there."""
        path = self.archives / f"{self.tag}.source.zip"
        if there := find(path):
            return there
        work.tell("packing the source")
        return archive.build(path, self.inputs, work.stopping)

    def largest(self, count: int) -> list[tuple[str, int]]:
        return image_context.largest(archive.items(self.inputs), count)

    def save(self, work: BuildWork, file: Path) -> FinishedZip:
        """The archive that CodeBuild would get; the image is nowhere yet."""
        built = self.build(work)
        built.save(file)
        return built
