"""What an image is made from: one value with a hash, known before anything is built.

Three kinds of Dockerfile: a person's own is used as it is; the generated one is rendered anew, either with the packages
resolved on this machine and copied in, or, where the config says `install: image`, with pip in a RUN.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from agentcore_cli import rendering
from agentcore_cli.builders.images import launcher
from agentcore_cli.builders.packages import credentials, standalone
from agentcore_cli.builders.packages.packages import Wanted
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.builders.packages.standalone import Standalone
from agentcore_cli.builders.source import source
from agentcore_cli.builders.source.source import Source
from agentcore_cli.contract import IMAGE_MAX
from agentcore_cli.errors import InputError
from agentcore_cli.exclusions import IGNORE_FILE
from agentcore_cli.rendering import ImageRecipe

PACKAGES: Final = "packages"  # folders of the build context
CODE: Final = "app"
_FORMAT: Final = "1"  # change it when the same inputs would make another image than before
_TAG_LENGTH: Final = 32
_RUN: Final = re.compile(r"^[ \t]*RUN\b", re.MULTILINE | re.IGNORECASE)


class CredentialsInImageError(InputError):
    """A file with a user or password in it would be in the image."""


@dataclass(frozen=True, slots=True)
class ImageProject:
    """An agent and how its image is wanted.

    `start` is what follows the interpreter on the command line, `entry` the file that it starts, relative to `root`;
    `requirements` is relative to `root`, too. `python` is like "3.13", `labels` say whose the image is. `resolved`
    is what the requirements were resolved to by `deploy --upgrade`, `path` are the folders that imports start from.
    `launches`: the launcher starts the agent, with the secrets that AWS keeps.
    """

    root: Path
    agent: str
    start: tuple[str, ...]
    entry: Path
    port: int
    python: str
    base_image: str
    requirements: str | None = None
    install: Literal["host", "image"] = "host"
    build_args: Mapping[str, str] = field(default_factory=dict)
    otel: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    resolved: str = ""
    path: tuple[str, ...] = ()
    launches: bool = False

    @property
    def required(self) -> Requirements | None:
        return Requirements(self.root, self.requirements, self.resolved) if self.requirements else None


@dataclass(frozen=True)
class ImageInputs:
    """All that an image depends on.

    `own_dockerfile` is the name of a person's own, None for a generated one; `wanted` are the packages to copy in.
    `instead` has the contents of files that are not packed as they are.
    """

    project: ImageProject
    source: Source
    dockerfile: str
    own_dockerfile: str | None
    wanted: Wanted
    instead: Mapping[str, bytes]

    @cached_property
    def tag(self) -> str:
        """The hash of the inputs: equal inputs make equal images."""
        project = self.project
        settings = [*_pairs(project.labels), *_pairs(project.build_args)]
        launched = [launcher.digest()] if project.launches else []
        parts = (_FORMAT, self.source.digest, self.dockerfile, self._packages_key, *settings, *launched)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_TAG_LENGTH]

    @cached_property
    def _packages_key(self) -> str:
        return self.wanted.key if self.wanted else ""

    @property
    def has_run(self) -> bool:
        """Whether the Dockerfile runs a program of the image while it is built."""
        return has_run(self.dockerfile)

    def describe(self) -> dict[str, Any]:
        """The inputs for comparing and showing; texts and the values of build arguments as short hashes."""
        project = self.project
        return {
            "tag": self.tag,
            "files": self.source.fingerprints,
            "dockerfile": f"{self.own_dockerfile or 'generated'} {_short(self.dockerfile)}",
            "dependencies": self._packages_key,
            "base_image": None if self.own_dockerfile else project.base_image,
            "python": project.python,
            "start": " ".join(project.start),
            "build_args": {name: _short(value) for name, value in project.build_args.items()},
            **({"resolved": project.resolved} if project.resolved else {}),
            **({"launcher": launcher.digest()[:12]} if project.launches else {}),
        }


def has_run(dockerfile: str) -> bool:
    """Whether this Dockerfile runs a program of the image while it is built."""
    return _RUN.search(dockerfile) is not None


def read(project: ImageProject) -> ImageInputs:
    """Look at the project.

    Raises InputError that names what must not or can't be in the image: a file that looks like a secret, a link that
    leaves the folder, credentials that a RUN would need; EntrypointError when the entrypoint would be missing.
    """
    path = rendering.dockerfile_of(project.root, project.agent)
    text = path.read_text(errors="replace") if path.exists() else ""
    own = path.name if text and not rendering.is_generated(text) else None
    files = read_files(project.root, project.agent)
    _check_secrets(files, _ignore_file(path))
    source.require_entry(files, project.entry, _ignore_file(path))
    copied = own is None and project.install == "host"
    instead = credentials.withheld(project.required, files)
    if own and project.launches and not launcher.is_used_by(text):
        raise _without_launcher(own)
    if instead and not copied:
        raise _credentials_in_an_image(next(iter(instead)), own)
    extra = (rendering.OTEL_DISTRO,) if project.otel else ()
    wanted = Wanted(project.required, project.python, extra) if copied else Wanted(None, project.python)
    return ImageInputs(project, files, text if own else _generated(project, wanted), own, wanted, instead)


def reference(agent: str, tag: str) -> str:
    """The image's name and tag on this machine; names there are lower case, with single separators."""
    name = re.sub(r"_+", "-", agent.lower()).strip("-")
    return f"agentcore/{name}:{tag}"


def read_files(root: Path, agent: str) -> Source:
    """The files of the project that an image of this agent holds. Raises InputError as `source.read` does."""
    ignore_file = _ignore_file(rendering.dockerfile_of(root, agent))
    return source.read(root, ignore_file=ignore_file, limit=IMAGE_MAX)


def _generated(project: ImageProject, wanted: Wanted) -> str:
    copied = project.install == "host"
    needed = Standalone() if copied else standalone.of(project.required)
    return rendering.dockerfile(
        ImageRecipe(
            agent=project.agent,
            base_image=project.base_image,
            start=project.start,
            port=project.port,
            requirements=needed.files,
            local_packages=needed.places,
            lines=needed.lines,
            constraints=needed.constraints,
            otel=project.otel,
            packages=PACKAGES if wanted else None,
            code=CODE if copied else ".",
            resolved=project.resolved,
            path=project.path,
            launcher=launcher_of(project.launches),
            own=None if copied else own_metadata(project.required),
        )
    )


def own_metadata(required: Requirements | None) -> rendering.OwnMetadata | None:
    """What a Dockerfile needs to know of the project itself, where it is one that is installed."""
    own = required.reading.own if required else None
    return rendering.OwnMetadata(own.stem, own.folder, own.files) if own else None


def launcher_of(launches: bool) -> rendering.Launcher | None:
    """What a Dockerfile needs to know of the launcher, where there is one."""
    return rendering.Launcher(launcher.FOLDER, launcher.PLACE, launcher.ENTRYPOINT) if launches else None


def _ignore_file(dockerfile: Path) -> str:
    """`<Dockerfile>.dockerignore` goes before `.dockerignore`, as in Docker's own builds."""
    own = f"{dockerfile.name}{IGNORE_FILE}"
    return own if (dockerfile.parent / own).exists() else IGNORE_FILE


def _check_secrets(files: Source, ignore_file: str) -> None:
    if files.secrets:
        names = ", ".join(files.secrets)
        raise InputError(
            f"what looks like a secret would be in the image: {names}",
            hint=f"leave it out by a line in {ignore_file}; a line !{files.secrets[0]} takes it in",
        )


def _credentials_in_an_image(name: str, own: str | None) -> CredentialsInImageError:
    other_way = f"remove {own}" if own else "leave out `install: image`"
    return CredentialsInImageError(
        f"{name}: has a user or password in a URL, and an image shows it to everybody who has the image",
        hint=f"{other_way}: packages are then installed here; or take the credentials out of the file",
    )


def _without_launcher(own: str) -> InputError:
    lines = "\n    ".join(launcher.LINES)
    return InputError(
        f"{own}: it does not start by the launcher that fetches the agent's secrets",
        hint=f"end it with these lines before its CMD, whose command in brackets is then what the launcher starts:\n"
        f"    {lines}",
    )


def _pairs(values: Mapping[str, str]) -> list[str]:
    return [part for name in sorted(values) for part in (name, values[name])] + [""]


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
