"""The Pythons that a project's pyproject.toml allows: `requires-python`, else `python` among Poetry's dependencies."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from agentcore_cli.builders.packages import poetry
from agentcore_cli.builders.packages.own_project import table_of
from agentcore_cli.confines import is_inside
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError

_FILE: Final = "pyproject.toml"
_LINE: Final = re.compile(r"^[ \t]*(?:project\.)?requires-python[ \t]*=", re.MULTILINE)
_PATCHES: Final = range(50)  # more than any Python has had
_Parse = Callable[[str], SpecifierSet]


@dataclass(frozen=True, slots=True)
class RequiredPython:
    """`file` is relative to the project, `setting` as it is written there; `line` is None where that is not known.

    `specifiers` is None for what is no set of versions.
    """

    file: str
    line: int | None
    setting: str
    specifiers: SpecifierSet | None

    def allows(self, python: str) -> bool:
        """Whether any release of `python`, like "3.13", is allowed: which one AgentCore has is not known."""
        specifiers = self.specifiers
        return specifiers is None or any(specifiers.contains(f"{python}.{patch}") for patch in _PATCHES)


def read(root: Path, requirements: str | None) -> RequiredPython | None:
    """What the pyproject.toml that lists the requirements says, else the one in the project's folder.

    None where there is none, or none that says it.
    """
    name = requirements if requirements and requirements.endswith(".toml") else _FILE
    text = _text(root / name, root)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    wanted = table_of(content, "project").get("requires-python")
    if wanted is not None:
        found = _LINE.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else None
        return _parsed(name, line, "requires-python", wanted, SpecifierSet)
    wanted = table_of(content, "tool", "poetry", "dependencies").get("python")
    if wanted is not None:
        return _parsed(name, None, "python", wanted, partial(poetry.specifiers, "python"))
    return None


def _text(path: Path, root: Path) -> str:
    """Nothing for what can't be read: who reads the requirements tells that."""
    try:
        return text_of(path.read_bytes()) if is_inside(path, root) and path.is_file() else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _parsed(file: str, line: int | None, key: str, wanted: Any, parse: _Parse) -> RequiredPython:
    setting = f"{key} = {json.dumps(wanted, default=str)}"
    try:
        return RequiredPython(file, line, setting, parse(wanted) if isinstance(wanted, str) else None)
    except (InputError, InvalidSpecifier):
        return RequiredPython(file, line, setting, None)
