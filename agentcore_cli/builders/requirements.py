"""What an agent requires, with every file that its requirements lean on."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agentcore_cli.builders import source
from agentcore_cli.confines import require_in_repository
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError

LOCK_FILE: Final = "uv.lock"
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s+|=)?(?P<file>[^\s#]+)")
_LOCAL = re.compile(
    r"(?:(?:-e|--editable)(?:\s+|=))?(?:[\w.-]+(?:\[[^]]*\])?\s*@\s*)?(?:file:)?(?P<path>\.{0,2}/[^\s;#[]*|\.{1,2}(?=\s|$))"
)


@dataclass(frozen=True, slots=True)
class Requirements:
    """A requirements.txt, pyproject.toml or uv.lock in the project's folder. `name` is how the user calls it."""

    root: Path
    name: str

    @property
    def path(self) -> Path:
        """The file that says what is required; for a uv.lock, the pyproject.toml beside it."""
        named = self.root / self.name
        return named.with_name("pyproject.toml") if named.name == LOCK_FILE else named

    @property
    def lock(self) -> Path | None:
        """The uv.lock beside a pyproject.toml, which pins what is installed."""
        lock = self.path.with_name(LOCK_FILE)
        return lock if self.path.suffix == ".toml" and lock.exists() else None

    def files(self) -> list[Path]:
        """Every file that says what is installed, the main one first. Raises InputError as `digest` does.

        What lies outside the repository is refused before it is read.
        """
        if self.path.suffix == ".toml":
            return [self.path, *([self.lock] if self.lock else [])]
        seen: dict[Path, None] = {}
        list(_text(self, self.path, seen))
        return list(seen)

    def digest(self) -> str:
        """The same as long as what is asked for is the same: `-r`, `-c` and local packages included.

        Raises InputError that names a file which is missing or can't be read.
        """
        digest = hashlib.sha256()
        parts = _project(self) if self.path.suffix == ".toml" else _text(self, self.path, {})
        for part in parts:
            digest.update(part.encode(errors="surrogateescape") + b"\0")
        if self.lock:
            require_in_repository(self.lock, self.root, _shown(self, self.lock))
            digest.update(self.lock.read_bytes())
        return digest.hexdigest()


def _text(requirements: Requirements, path: Path, seen: dict[Path, None]) -> Iterator[str]:
    """The lines of a requirements file, of those it includes, and the digests of packages in local folders."""
    if path.resolve() in seen:
        return
    seen[path.resolve()] = None
    for number, line in enumerate(_read(requirements, path, _shown(requirements, path)).splitlines(), start=1):
        if not (stripped := line.strip()) or stripped.startswith("#"):
            continue
        yield stripped
        if (include := _INCLUDE.match(stripped)) and "://" not in include["file"]:
            included = path.parent / include["file"]
            require_in_repository(
                included, requirements.root, f"{_shown(requirements, path)}:{number}: {include['file']}"
            )
            if not included.is_file():
                raise InputError(f"{_shown(requirements, path)}:{number}: {include['file']}: no such file")
            yield from _text(requirements, included, seen)
        elif local := _LOCAL.match(stripped):
            shown = f"{_shown(requirements, path)}:{number}"
            yield _local(requirements, requirements.root / local["path"].removeprefix("//"), shown)


def _local(requirements: Requirements, path: Path, shown: str) -> str:
    require_in_repository(path, requirements.root, f"{shown}: {path}")
    if path.is_dir():
        return source.read(path).digest
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{shown}: {path}: {error.strerror}") from error


def _project(requirements: Requirements) -> Iterator[str]:
    """The parts of a pyproject.toml that decide what is installed; its version or its tools' settings don't."""
    path, name = requirements.path, requirements.name
    try:
        content = tomllib.loads(_read(requirements, path, name))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name}: {error}") from error
    project: dict[str, Any] | None = content.get("project")
    if project is None:
        raise InputError(f"{name}: has no [project] table, so it names no dependencies", hint="use a requirements.txt")
    chosen = {key: project.get(key) for key in ("dependencies", "requires-python", "dynamic")}
    settings = content.get("tool", {}).get("uv", {})
    yield json.dumps([chosen, settings], sort_keys=True, default=str)
    for local in settings.get("sources", {}).values():
        if isinstance(local, dict) and "path" in local:
            yield _local(requirements, path.parent / local["path"], f"{name}:1")


def _read(requirements: Requirements, path: Path, name: str) -> str:
    require_in_repository(path, requirements.root, name)
    try:
        return text_of(path.read_bytes())
    except FileNotFoundError:
        raise InputError(f"{name}: no such file", hint="mend `requirements` in the config, or make the file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: can't be read: {error}") from error


def _shown(requirements: Requirements, path: Path) -> str:
    return str(path.relative_to(requirements.root)) if path.is_relative_to(requirements.root) else str(path)
