"""What `configure` takes where nothing was said: found on this machine and in the project."""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages import interpreters
from agentcore_cli.config import Start
from agentcore_cli.contract import LOCAL_REGION
from agentcore_cli.errors import InputError
from agentcore_cli.names import agent_name_from
from agentcore_cli.operations.aws_profile import find_region
from agentcore_cli.operations.check.locate import FOUND_IN_FOLDERS
from agentcore_cli.operations.configure.default_python import default_python
from agentcore_cli.operations.configure.settings import Settings

# What else lists requirements, and the command that makes a file of them that is read.
_OTHERS: Final = {
    "Pipfile": "pipenv requirements > requirements.txt",
    "Pipfile.lock": "pipenv requirements > requirements.txt",
    "setup.py": "echo . > requirements.txt",
    "setup.cfg": "touch pyproject.toml && echo . > requirements.txt",  # without either nothing builds it
    "environment.yml": "conda run -n NAME python -m pip list --format=freeze > requirements.txt",
    "environment.yaml": "conda run -n NAME python -m pip list --format=freeze > requirements.txt",
}
_SCRIPT: Final = re.compile(r"^# /// script\s*$", re.MULTILINE)  # inline script metadata (PEP 723)
_SAYS_NOTHING: Final = frozenset({"main", "app", "agent", "__main__", "__init__", "src", "lib"})


def default_name(entrypoint: str, root: Path, taken: Collection[str] = ()) -> str:
    """The name of an agent that was given none: the file's or module's.

    One that says nothing (`main.py`) gives way to the project's, the package's or the folder's, the first that is not
    `taken`.
    """
    module = entrypoint.partition(":")[0].removeprefix("-m ")
    parts = list(Path(module).with_suffix("").parts) if module.endswith(".py") else module.split(".")
    if parts[-1].lower() not in _SAYS_NOTHING:
        return agent_name_from(parts[-1])
    telling = [part for part in reversed(parts) if part.lower() not in _SAYS_NOTHING]
    names = [agent_name_from(name) for name in (_project_name(root), *telling, root.resolve().name) if name]
    return next((name for name in names if name not in taken), names[0])


def _project_name(root: Path) -> str | None:
    try:
        content = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    for table in (content.get("project", {}), content.get("tool", {}).get("poetry", {})):
        if isinstance(table.get("name"), str):
            return str(table["name"])
    return None


def default_entrypoint(folder: Path) -> str | None:
    """The one of agent.py, app.py, main.py and __main__.py that a folder has; None if it has none or several."""
    found = [name for name in FOUND_IN_FOLDERS if (folder / name).is_file()]
    return found[0] if len(found) == 1 else None


def default_region(profile: str | None, environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """The region for a new target, and where it is from, in words."""
    return find_region(profile, environ) or (LOCAL_REGION, "nothing in the environment or ~/.aws/config says another")


def with_defaults(settings: Settings, root: Path, entrypoint: str, *, strict: bool = True) -> Settings:
    """A new agent's settings: the requirements that are there, and a Python that the project allows.

    `strict`: raises InputError where AgentCore has no such Python.
    """
    requirements = settings.requirements or _requirements(root, Start.of(entrypoint, "HTTP", root).file)
    python = settings.python or default_python(root, requirements, interpreters.installed_minors(), strict=strict)
    return replace(settings, requirements=requirements, python=python)


def _requirements(root: Path, file: Path) -> str | None:
    """requirements.txt, else pyproject.toml, beside the entrypoint `file`, else in the nearest folder above it.

    Raises InputError, with the command that makes a requirements file, where something else lists them.
    """
    places = file.parents
    for place in places:
        for name in ("requirements.txt", "pyproject.toml"):
            path = root / place / name
            if path.is_file() and (name.endswith(".txt") or _lists(path)):
                return (place / name).as_posix()
    if _SCRIPT.search(_text(root / file)):
        raise InputError(
            f"{file.as_posix()}: its block `# /// script` is not read, only requirements.txt and pyproject.toml are",
            hint="make a requirements file, then run this again: "
            f"uv export --script {shlex.quote(file.as_posix())} --no-hashes --output-file requirements.txt",
        )
    for place in places:
        for name, command in _OTHERS.items():
            if (root / place / name).is_file():
                inside = f"cd {place} && " if place != Path() else ""
                raise InputError(
                    f"{(place / name).as_posix()}: is not read, only requirements.txt and pyproject.toml are",
                    hint=f"make a requirements file, then run this again: {inside}{command}",
                )
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ""


def _lists(project: Path) -> bool:
    """Whether a pyproject.toml says what is required: in the standard way, or for Poetry."""
    text = _text(project)
    return "[project]" in text or "[tool.poetry.dependencies]" in text
