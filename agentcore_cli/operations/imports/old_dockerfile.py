"""How the earlier toolkit's image starts an agent: the CMD and the Python of the Dockerfile that it wrote."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# where toolkits of different ages wrote it: a folder for each agent, or beside the code
_PLACES: Final = (".bedrock_agentcore/{name}/Dockerfile", "Dockerfile")
_FROM: Final = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", re.IGNORECASE | re.MULTILINE)
_PYTHON: Final = re.compile(r"python:?(3\.\d+)")
_COMMAND: Final = re.compile(r"^\s*(?:CMD|ENTRYPOINT)\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_INTERPRETER: Final = re.compile(r"(?:\S*/)?python(?:3(?:\.\d+)?)?")
_LAUNCHERS: Final = ("opentelemetry-instrument", "uv", "run")


@dataclass(frozen=True, slots=True)
class OldDockerfile:
    """`entrypoint` is what Python starts, in the config's words; `python` is like "3.12"; None for what is not told.

    `left_out` says, a line each, what of it can't be taken over.
    """

    entrypoint: str | None
    python: str | None
    left_out: tuple[str, ...] = ()


def read(root: Path, name: str) -> OldDockerfile:
    """What the Dockerfile of agent `name` says; nothing where there is none."""
    path = next((file for place in _PLACES if (file := root / place.format(name=name)).is_file()), None)
    if path is None:
        return OldDockerfile(None, None)
    text = path.read_text(encoding="utf-8-sig", errors="replace").replace("\\\n", " ")
    shown = path.relative_to(root).as_posix()
    base, command = _last(_FROM, text), _last(_COMMAND, text)
    python, words = _PYTHON.search(base), _words(command)
    started = _started(words)
    lines = []
    if base and not python:
        lines.append(f"{shown}: FROM {base}: its Python is not told; set `python` and `base_image` in the config")
    if words and started is None:
        lines.append(f"{shown}: CMD {command}: not taken over; see that `entrypoint` starts the same")
    return OldDockerfile(started, python[1] if python else None, tuple(lines))


def _last(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.findall(text)
    return str(found[-1]).strip() if found else ""


def _words(command: str) -> list[str]:
    try:
        return [str(word) for word in json.loads(command)] if command.startswith("[") else shlex.split(command)
    except ValueError:
        return command.split()


def _started(words: list[str]) -> str | None:
    """`python -m package.module` or `python file.py`, without launchers in front; None for anything else."""
    while words and words[0] in _LAUNCHERS:
        words = words[1:]
    if len(words) > 1 and _INTERPRETER.fullmatch(words[0]):
        words = [word for word in words[1:] if word not in ("-u", "-O")]
    match words:
        case ["-m", module]:
            return f"-m {module}"
        case [file] if file.endswith(".py"):
            return file.removeprefix("/app/").removeprefix("./")
    return None
