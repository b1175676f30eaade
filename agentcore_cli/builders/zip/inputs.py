"""What a zip of code is made from: one value with a hash, known before anything is installed or packed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from agentcore_cli.builders.packages import credentials, elf
from agentcore_cli.builders.packages.packages import Wanted
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.builders.source import source
from agentcore_cli.builders.source.source import Source
from agentcore_cli.builders.zip import start as code_start
from agentcore_cli.builders.zip.start import CodeStart
from agentcore_cli.contract import PYTHONS
from agentcore_cli.errors import InputError
from agentcore_cli.exclusions import IGNORE_FILE
from agentcore_cli.rendering import OTEL_DISTRO

_FORMAT: Final = "1"  # change it when the same inputs would make another zip than before
_TAG_LENGTH: Final = 32
_GLIBC: Final = (2, 34)  # of Amazon Linux 2023, which AgentCore's Pythons run on


@dataclass(frozen=True, slots=True)
class CodeProject:
    """An agent and how its code is started.

    `start` is what follows the interpreter on the command line, `entry` the file that it starts, relative to `root`;
    `requirements` is relative to `root`, too. `python` is like "3.13", `path` are the folders that imports start from,
    `resolved` is what the requirements were resolved to by `deploy --upgrade`. `launches`: the launcher starts the
    agent, with the secrets that AWS keeps.
    """

    root: Path
    start: tuple[str, ...]
    entry: Path
    python: str
    requirements: str | None = None
    otel: bool = False
    path: tuple[str, ...] = ()
    resolved: str = ""
    launches: bool = False

    @property
    def required(self) -> Requirements | None:
        return Requirements(self.root, self.requirements, self.resolved) if self.requirements else None

    @property
    def wanted(self) -> Wanted:
        """The packages that lie beside the code."""
        return wanted(self.required, self.python, (OTEL_DISTRO,) if self.otel else ())

    @property
    def started(self) -> CodeStart:
        return code_start.of(self.start, self.path, otel=self.otel, launches=self.launches)


@dataclass(frozen=True)
class CodeInputs:
    """All that a zip depends on. `instead` has the contents of files that are not packed as they are."""

    project: CodeProject
    source: Source
    wanted: Wanted
    started: CodeStart
    instead: Mapping[str, bytes]

    @cached_property
    def tag(self) -> str:
        """The hash of the inputs: equal inputs make equal zips."""
        added = [part for name, content in self._added.items() for part in (name, hashlib.sha256(content).hexdigest())]
        parts = (_FORMAT, self.source.digest, self._packages_key, self.project.python, *added)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_TAG_LENGTH]

    @cached_property
    def _packages_key(self) -> str:
        return self.wanted.key if self.wanted else ""

    @property
    def _added(self) -> dict[str, bytes]:
        return {**self.started.files, **self.instead}

    def describe(self) -> dict[str, Any]:
        """The inputs for comparing and showing."""
        project = self.project
        return {
            "tag": self.tag,
            "files": self.source.fingerprints,
            "dependencies": self._packages_key,
            "python": project.python,
            "start": " ".join(project.start),
            **({"path": ":".join(project.path)} if project.path else {}),
            **({"resolved": project.resolved} if project.resolved else {}),
            **({"launcher": True} if project.launches else {}),
        }


def wanted(requirements: Requirements | None, python: str, extra: tuple[str, ...]) -> Wanted:
    """The packages of a zip: for AgentCore's own system, and without `.pyc` files, which do not go along."""
    return Wanted(requirements, python, extra, _GLIBC, compiled=False)


def read(project: CodeProject) -> CodeInputs:
    """Look at the project.

    Raises InputError for a Python that AgentCore takes no code for, a file that would be in the way of one that is
    added, one that can't be packed or is native code of another processor; EntrypointError when the entrypoint would be
    missing. What looks like a secret is left out: `CodeInputs.source.secrets`.
    """
    check_python(project.python)
    files = source.read(project.root)
    source.require_entry(files, project.entry)
    started = project.started
    _check_names(files, started)
    _check_native(files)
    return CodeInputs(project, files, project.wanted, started, credentials.withheld(project.required, files))


def check_python(python: str) -> None:
    if python not in PYTHONS:
        raise InputError(
            f"python {python}: AgentCore takes no code for it (since 2026-08-31 neither new nor updated; "
            f"{', '.join(PYTHONS)} it takes)",
            hint=f'set python to "{PYTHONS[1]}", or `build: docker`: an image may have any Python',
        )


def _check_names(files: Source, started: CodeStart) -> None:
    for name in started.files:
        if name in files.entries:
            raise InputError(
                f"{name}: has the name of a file that deploy adds to the zip to start the agent",
                hint=f"rename it, or leave it out by a line in {IGNORE_FILE}",
            )


def _check_native(files: Source) -> None:
    for name, entry in files.entries.items():
        if entry.digest and (kind := elf.foreign_kind(entry.path)):
            raise InputError(
                f"{name}: native code for {kind}, and AgentCore takes none but for arm64 in a zip",
                hint=f"leave it out by a line in {IGNORE_FILE}, or put one that was made for arm64 in its place",
            )
