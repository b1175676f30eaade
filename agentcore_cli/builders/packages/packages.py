"""The packages of an image, resolved on this machine for linux/arm64 and unpacked into a folder.

uv resolves for the target: its platform, its Python, its markers. Wheels alone are taken; a package that has none (of
git, of a folder, an old one on the index) is built here, which works as long as what comes out runs everywhere: native
code of another processor is found and refused. A folder is made once per set of requirements and shared.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from agentcore_cli.builders import atomic_dir as beside
from agentcore_cli.builders.packages import bytecode, elf, installer, interpreters, outside
from agentcore_cli.builders.packages import lockfile as locked
from agentcore_cli.builders.packages import wheels as unpacked
from agentcore_cli.builders.packages.environment import changed_meanwhile
from agentcore_cli.builders.packages.installer import Stopping, Tell
from agentcore_cli.builders.packages.interpreters import Interpreter
from agentcore_cli.builders.packages.outside import Outside
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import AgentcoreError, InputError

PLACE: Final = "/opt/packages"  # where they are in the image
_FORMAT: Final = "3"  # change it when folders made by an older version of these files must not be used
# glibc 2.28 first: it is what most wheels need and every base image has; Debian 13 has 2.41
_GLIBCS: Final = tuple((2, minor) for minor in (28, 31, 34, 36, 39, 40))
_WITHOUT_WHEEL: Final = re.compile(
    r"(?:attempted to build|Wheels are required for|Building source distributions for) `([A-Za-z0-9][\w.-]*)"
)
# What it says of a folder whose setup.py alone knows its name.
_UNNAMED: Final = "Building source distributions is disabled"
_OTHER_PLATFORM: Final = re.compile(r"([A-Za-z0-9][\w.-]*?)(?:==\S+)? has no wheels with a matching platform tag")
_OTHER_PYTHON: Final = re.compile(r"([A-Za-z0-9][\w.-]*?)(?:==\S+)? has no wheels with a matching Python \w* ?tag")
_PINNED: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)", re.MULTILINE)
_BUILDS_MAX: Final = 20  # packages without a wheel that are found one after the other
_UNUSED_SECONDS: Final = 30 * 24 * 3600


class NotForArm64Error(InputError):
    """A package that is neither there for arm64 nor can be made so here."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be installed for Python `python`, like "3.13"; `extra` are requirements besides the user's.

    `glibc` is the newest that may be needed, where the place of the packages has one of its own. `compiled`: there are
    `.pyc` files beside the modules.
    """

    requirements: Requirements | None
    python: str
    extra: tuple[str, ...] = ()
    glibc: tuple[int, int] = _GLIBCS[-1]
    compiled: bool = True

    def __bool__(self) -> bool:
        return bool(self.requirements or self.extra)

    @property
    def platforms(self) -> tuple[str, ...]:
        """As uv names them, the one that most machines satisfy first."""
        return tuple(f"aarch64-manylinux_{major}_{minor}" for major, minor in _GLIBCS if (major, minor) <= self.glibc)

    @property
    def key(self) -> str:
        """The hash of the folder. Raises InputError for requirements that can't be read."""
        asked = self.requirements.digest() if self.requirements else ""
        bare = () if self.compiled else ("bare",)
        parts = (_FORMAT, asked, self.python, *self.platforms, *self.extra, *bare)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def build(folder: Path, wanted: Wanted, *, tell: Tell, stopping: Stopping) -> Path:
    """The folder `<folder>/<key>` with the packages in it; filled now unless it is there.

    Raises InputError for requirements that can't be met on arm64, with the ways out, and AgentcoreError for a failed
    download or a full disk; nothing is left behind then.
    """
    place = folder / wanted.key
    if not place.is_dir():
        _remove_unused(folder)
        with beside.filled(place) as partial:
            _Installation(wanted, partial, interpreters.find(wanted.python), tell, stopping).run()
            if wanted.requirements and replace(wanted, requirements=wanted.requirements.anew).key != place.name:
                raise changed_meanwhile()
    os.utime(place)
    return place


@dataclass(frozen=True, slots=True)
class _Sources:
    """The requirements files to install from; `project` is None where none of them is the user's."""

    files: list[str]
    project: Outside | None


@dataclass(frozen=True, slots=True)
class _Installation:
    wanted: Wanted
    folder: Path
    interpreter: Interpreter
    tell: Tell
    stopping: Stopping

    def run(self) -> None:
        with self._sources() as sources:
            self._install(sources)
            if sources.project:
                sources.project.forget(self.folder)
        unpacked.clean(self.folder)
        if self.wanted.requirements and (own := self.wanted.requirements.reading.own):
            own.write(self.folder)
        self._check_machine()
        if not self.wanted.compiled:
            return
        if self.interpreter.minor == self.wanted.python:
            self.tell("compiling the packages")
            bytecode.compile_all(self.folder, self.interpreter, PLACE, self.stopping)
        else:
            self.tell(f"no Python {self.wanted.python} here: the packages are compiled when the agent first runs")

    @contextmanager
    def _sources(self) -> Iterator[_Sources]:
        with tempfile.TemporaryDirectory(prefix="agentcore-") as own:
            extra = Path(own) / "extra.txt"
            extra.write_text("".join(f"{line}\n" for line in self.wanted.extra))
            more = [str(extra)] if self.wanted.extra else []
            if self.wanted.requirements is None:
                yield _Sources(more, None)
                return
            with (
                outside.project(self.wanted.requirements) as project,
                locked.requirements_file(project, self.interpreter, tell=self.tell, stopping=self.stopping) as given,
            ):
                yield _Sources([str(given.file), *more], given)

    def _install(self, sources: _Sources) -> None:
        """From wheels for the oldest platform that has all of them; else with the few that must be built."""
        failures: list[AgentcoreError] = []
        for platform in self.wanted.platforms:
            try:
                self._attempt(sources, platform, ["--only-binary", ":all:"])
            except AgentcoreError as error:
                if self.stopping() or not _lacks_wheel(error):
                    raise self._explained(error) from error
                failures.append(error)
                if "attempted to build" in error.message or "Building source distributions" in error.message:
                    break  # a folder or a repository: a newer platform has no wheel of it either
            else:
                if platform != self.wanted.platforms[0] and self.wanted.glibc == _GLIBCS[-1]:
                    self.tell(f"the base image needs glibc {_glibc(platform)} or newer for these packages")
                return
        buildable = [failure for failure in failures if _may_be_built(failure)]
        if not buildable:
            raise _without_wheel(_OTHER_PLATFORM.findall(failures[-1].message), failures[-1])
        self._install_with_builds(sources, buildable[0])

    def _explained(self, error: AgentcoreError) -> AgentcoreError:
        if names := _OTHER_PYTHON.findall(error.message):
            return InputError(
                f"no wheel of {', '.join(sorted(set(names)))} for Python {self.wanted.python}: {error.message}",
                hint="ask for a version that has one, or set `python` in the config to a Python that it has one for",
            )
        return error

    def _install_with_builds(self, sources: _Sources, failure: AgentcoreError) -> None:
        """As wheels, but for those packages that turn out to have none."""
        names = self._names(sources, failure)
        built: list[str] = []
        for _ in range(_BUILDS_MAX):
            built += [_normalised(name) for name in _WITHOUT_WHEEL.findall(failure.message)]
            self.tell(f"no arm64 wheel of {', '.join(sorted(set(built))) or 'a folder'}: building from source")
            wheels = [option for name in sorted(names - set(built)) for option in ("--only-binary", name)]
            try:
                self._attempt(sources, self.wanted.platforms[-1], wheels)
            except AgentcoreError as error:
                more = {_normalised(name) for name in _WITHOUT_WHEEL.findall(error.message)} - set(built)
                if not more or self.stopping():
                    raise _without_wheel(built, error) from error
                failure = error
            else:
                return
        raise _without_wheel(built, failure)

    def _names(self, sources: _Sources, failure: AgentcoreError) -> set[str]:
        """The normalised names of all that would be installed if everything might be built."""
        with tempfile.TemporaryDirectory(prefix="agentcore-") as own:
            pinned = Path(own) / "pinned.txt"
            command = ["pip", "compile", *sources.files, "--no-header", "--no-annotate", "--output-file", str(pinned)]
            try:
                self._run(sources, [*command, *self._target(self.wanted.platforms[-1])])
            except AgentcoreError as error:
                if self.stopping():
                    raise
                raise _without_wheel(_WITHOUT_WHEEL.findall(failure.message), error) from error
            return {_normalised(name) for name in _PINNED.findall(pinned.read_text())}

    def _attempt(self, sources: _Sources, platform: str, wheels: Sequence[str]) -> None:
        files = [option for file in sources.files for option in ("--requirements", file)]
        # by link where that works: nothing here writes to what is linked
        how = ["--link-mode", "hardlink", "--no-compile-bytecode", "--no-editable", "--target", str(self.folder)]
        self._run(sources, ["pip", "install", *how, *files, *self._target(platform), *wheels])

    def _target(self, platform: str) -> list[str]:
        version = ["--python-platform", platform, "--python-version", self.wanted.python]
        return [*version, "--python", str(self.interpreter.path)]

    def _run(self, sources: _Sources, arguments: Sequence[str]) -> None:
        place = self.folder.parent
        if sources.project:
            sources.project.run(arguments, tell=self.tell, stopping=self.stopping, writes_to=place)
        else:
            installer.run(arguments, folder=self.folder, tell=self.tell, stopping=self.stopping, writes_to=place)

    def _check_machine(self) -> None:
        """What was built here must not be for this processor. A wheel for any platform may bring the code of all."""
        foreign = {unpacked.owner(self.folder, path): kind for path, kind in elf.foreign(self.folder)}
        bound = {info.name: kind for info, kind in foreign.items() if not unpacked.is_for_any_platform(info)}
        if bound:
            names = [name.removesuffix(".dist-info").replace("-", "==", 1) for name in sorted(bound)]
            raise _no_arm64(names, f"it came out as code for {', '.join(sorted(set(bound.values())))}")


def _lacks_wheel(error: AgentcoreError) -> bool:
    """Whether another platform, or a build, may have what was not found."""
    return _may_be_built(error) or bool(_OTHER_PLATFORM.search(error.message))


def _may_be_built(error: AgentcoreError) -> bool:
    return bool(_WITHOUT_WHEEL.search(error.message)) or _UNNAMED in error.message


def _without_wheel(names: Sequence[str], error: AgentcoreError) -> NotForArm64Error:
    return _no_arm64(sorted({_normalised(name) for name in names}), error.message)


def _no_arm64(names: Sequence[str], why: str) -> NotForArm64Error:
    return NotForArm64Error(
        f"no arm64 wheel for {', '.join(names) or 'a folder'}, and no build here that runs on arm64: {why}",
        hint="ask for a version that has one (`pip download --platform manylinux_2_28_aarch64` tells), leave the "
        "package out, or have it compiled: `--build codebuild` on ARM in AWS, or docker with `install: image` in the "
        "config under emulation here",
    )


def _normalised(name: str) -> str:
    """As the index writes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name.partition("==")[0]).lower()


def _glibc(platform: str) -> str:
    return platform.rpartition("manylinux_")[2].replace("_", ".")


def _remove_unused(folder: Path) -> None:
    """Clear away what no build has used for a month."""
    for path in folder.glob("*"):
        if path.stat().st_mtime < time.time() - _UNUSED_SECONDS:
            shutil.rmtree(path, ignore_errors=True)
