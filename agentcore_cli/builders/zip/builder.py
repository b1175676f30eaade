"""Code for AgentCore's own Python (direct code deployment): a zip of the project and its packages, without Docker."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from agentcore_cli.builders.builder import BuildWork, Name
from agentcore_cli.builders.packages import packages
from agentcore_cli.builders.packages.vetting import Vet, accept, require_server
from agentcore_cli.builders.source.finished_zip import FinishedZip, find
from agentcore_cli.builders.zip import archive as code_archive
from agentcore_cli.builders.zip import inputs as code_inputs
from agentcore_cli.builders.zip.inputs import CodeInputs, CodeProject
from agentcore_cli.builders.zip.start import OTEL_PROGRAM
from agentcore_cli.errors import InputError

_WAYS_OUT: Final = (
    "AgentCore compiles nothing: ask for a version that has an arm64 wheel, leave the package out, or have an image "
    "built, in which it is compiled: `--build codebuild`, or `build: docker` with `install: image`"
)


@dataclass(frozen=True)
class ZipBuilder:
    """`cache` is the folder where packages are kept between builds, `archives` that of zips."""

    project: CodeProject
    cache: Path
    archives: Path
    vet: Vet = accept
    name: Name = "zip"

    @cached_property
    def inputs(self) -> CodeInputs:
        """Looked at once: what was planned is what is packed."""
        return code_inputs.read(self.project)

    @property
    def tag(self) -> str:
        return self.inputs.tag

    def describe(self) -> dict[str, Any]:
        return self.inputs.describe()

    def check(self) -> None:
        """Looking at the project was the check: a zip needs nothing of this machine."""

    def build(self, work: BuildWork) -> FinishedZip:
        """The zip; packed now unless it is there. Raises as `packages.build` and `code_archive.build` do."""
        if there := find(code_archive.place_of(self.archives, self.inputs)):
            return there
        installed = self._installed(work)
        work.tell("packing the zip")
        return code_archive.build(self.archives, self.inputs, installed, work.stopping)

    def packages_end(self, built: FinishedZip) -> int:
        """How many bytes it begins with that are the packages'."""
        return code_archive.packages_end(built, self.inputs)

    def largest(self, count: int) -> list[tuple[str, int]]:
        folder = self.cache / self.inputs.wanted.key if self.inputs.wanted else None
        return code_archive.largest(self.inputs, folder if folder and folder.is_dir() else None, count)

    def save(self, work: BuildWork, file: Path) -> FinishedZip:
        built = self.build(work)
        built.save(file)
        return built

    def _installed(self, work: BuildWork) -> Path | None:
        wanted = self.inputs.wanted
        installed = None
        if wanted:
            try:
                installed = packages.build(self.cache, wanted, tell=work.tell, stopping=work.stopping)
            except packages.NotForArm64Error as error:
                error.hint = _WAYS_OUT
                raise
        self._check_programs(installed)
        if installed:
            self.vet(installed)
        return installed

    def _check_programs(self, installed: Path | None) -> None:
        """What starts the agent must be among the packages."""
        project = self.project
        require_server(project.start, project.requirements, installed)
        if project.otel and not (installed and (installed / OTEL_PROGRAM).is_file()):
            raise InputError(
                f"`otel` starts the agent by {OTEL_PROGRAM}, which the packages do not bring",
                hint="take aws-opentelemetry-distro out of the requirements: deploy adds the version that brings it",
            )
