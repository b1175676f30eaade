"""Texts from templates: what is generated for a project and for an image.

The templates are data (`templates/`), rendered strictly: a name that is not given is an error. A generated file carries
a hash of itself in its first line; so a file that somebody edited is told from one that may be made anew.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from agentcore_cli.confines import require_inside
from agentcore_cli.exclusions import BUILD_FILES, CLUTTER, SECRETS
from agentcore_cli.files import templates

# OpenTelemetry's distro for AWS; those before 0.18 lose the traces of new agents
OTEL_DISTRO: Final = "aws-opentelemetry-distro>=0.18,<1"
CODE_PLACE: Final = "/app"  # where an image has the agent's files
_MARK: Final = re.compile(r"# agentcore: generated ([0-9a-f]{12})(?: for (\w+))?;.*\n")


def render(template: str, **values: object) -> str:
    """The text of `templates/<template>` with `values`. Raises jinja2.UndefinedError for a value that is missing."""
    return _environment().get_template(template).render(**values)


def document(template: str, **values: object) -> dict[str, Any]:
    """A JSON object from `templates/<template>`."""
    parsed: dict[str, Any] = json.loads(render(template, **values))
    return parsed


@dataclass(frozen=True, slots=True)
class Launcher:
    """What starts an agent with secrets: its folder in the build context, its place in the image, its command."""

    folder: str
    place: str
    entrypoint: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnMetadata:
    """What `importlib.metadata` finds of the project itself: a folder beside the packages, and the lines of its files.

    Where a folder that begins with `stem` is there, the project was installed, and says it itself.
    """

    stem: str
    folder: str
    files: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ImageRecipe:
    """What a Dockerfile is made from.

    `start` follows the interpreter. `requirements` are the files that the installer reads, the main one first; none:
    nothing is installed. `packages` is a folder of the build context with the dependencies already in it for arm64: it
    is copied, and the image needs no RUN; None: the image installs them itself and stands alone. `code` is the folder
    of the context that holds the agent's files. `resolved`, if it is not empty, changes when packages are to be
    resolved anew by the image. `path` are the folders of the agent's files that imports start from.

    `local_packages` are folders and wheels that the requirements lead to; `lines`, with `constraints`, are requirements
    that no file has. `own` is of a project that is not among `packages` as they come.
    """

    agent: str
    base_image: str
    start: tuple[str, ...]
    port: int
    requirements: tuple[str, ...] = ()
    otel: bool = False
    packages: str | None = None
    code: str = "."
    resolved: str = ""
    path: tuple[str, ...] = ()
    local_packages: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    launcher: Launcher | None = None
    own: OwnMetadata | None = None


def dockerfile(recipe: ImageRecipe) -> str:
    """The Dockerfile of an agent."""
    values = asdict(recipe) | {"python_path": _python_path(recipe), "otel_distro": OTEL_DISTRO}
    return _marked(render("docker/Dockerfile.j2", **values), recipe.agent)


def _python_path(recipe: ImageRecipe) -> list[str]:
    code = [f"{CODE_PLACE}/{folder}" for folder in recipe.path]
    return [*code, "/opt/packages"] if recipe.packages else code


def dockerignore() -> str:
    """The `.dockerignore` that keeps secrets, caches and our own files out of an image."""
    return _marked(render("docker/dockerignore.j2", secrets=SECRETS, clutter=CLUTTER, build_files=BUILD_FILES), None)


def dockerfile_of(root: Path, agent: str) -> Path:
    """The Dockerfile of `agent` in a project, whether it is there or not.

    `Dockerfile.<agent>`, if it exists; else `Dockerfile`, unless that was generated for another agent. Raises
    InputError for one that leads outside the project.
    """
    own = root / f"Dockerfile.{agent}"
    shared = root / "Dockerfile"
    for path in (own, shared):
        require_inside(path, root, path.name)
    if own.exists() or (shared.exists() and _owner(shared.read_text(errors="replace")) not in (None, agent)):
        return own
    return shared


def is_generated(text: str) -> bool:
    """Whether `text` is exactly what was generated, so that nothing is lost when it is made anew."""
    mark = _MARK.match(text)
    return mark is not None and mark[1] == _digest(text[mark.end() :])


def has_own_dockerfile(root: Path, agent: str) -> bool:
    """Whether a person wrote, or edited, the Dockerfile of this agent."""
    path = dockerfile_of(root, agent)
    return path.exists() and not is_generated(path.read_text(errors="replace"))


def _owner(text: str) -> str | None:
    """The agent that a generated text was made for, edited or not; None for a person's own file."""
    mark = _MARK.match(text)
    return mark[2] if mark else None


def _marked(text: str, agent: str | None) -> str:
    owner = f" for {agent}" if agent else ""
    return f"# agentcore: generated {_digest(text)}{owner}; edit freely, an edited file is left alone\n{text}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["exec_form"] = lambda words: json.dumps(list(words), ensure_ascii=False)
    environment.filters["shell_words"] = shlex.join
    environment.filters["quoted"] = shlex.quote
    return environment
