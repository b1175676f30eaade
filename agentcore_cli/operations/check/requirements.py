"""The distributions that a project asks for by name, as the entrypoint check needs to know them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from agentcore_cli.builders.packages import requirements as builders
from agentcore_cli.builders.packages.requirement_reader import RequirementsFault
from agentcore_cli.operations.check.findings import Finding

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_PINS = ("==", "===")
_OTHER_NAMES = re.compile(r"req[\w.-]*\.(txt|in|lock)|requirements/[\w.-]+\.(txt|in)")
_NOT_TO_RUN = re.compile(r"(?<![a-z])(dev|test|doc|lint|ci)")


@dataclass
class DeclaredRequirements:
    """`names` are normalised; `extended` are those with extras; `pins` are the versions that `==` demands.

    `is_open`: it asks for something without a name, a path or a URL, so that more may be installed than is known.
    """

    names: set[str] = field(default_factory=set)
    extended: set[str] = field(default_factory=set)
    pins: dict[str, str] = field(default_factory=dict)
    is_open: bool = False
    findings: list[Finding] = field(default_factory=list)


def read(root: Path, name: str | None) -> DeclaredRequirements:
    """What `name`, a file below `root`, asks for; nothing for None. What is wrong with the file is in `findings`."""
    found = DeclaredRequirements()
    if name is None:
        return found
    reading = builders.Requirements(root, name).reading
    found.is_open = reading.is_open
    found.findings = [Finding(fault.file, fault.line, _with_hint(fault)) for fault in reading.faults]
    for requirement in reading.named:
        distribution = canonicalize_name(requirement.name)
        found.names.add(distribution)
        if requirement.extras:
            found.extended.add(distribution)
        for specifier in requirement.specifier:
            if specifier.operator in _PINS and "*" not in specifier.version:
                found.pins[distribution] = specifier.version
    return found


def set_aside(root: Path, name: str | None) -> dict[str, str]:
    """What a pyproject.toml asks for in extras and groups, which are not installed: where, by the distribution."""
    if name is None or not name.endswith(".toml"):
        return {}
    try:
        content = tomllib.loads((root / name).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}
    extras = _lists(content.get("project", {}).get("optional-dependencies"))
    groups = _lists(content.get("dependency-groups"))
    of_poetry = _lists(content.get("tool", {}).get("poetry", {}).get("group"))
    found = {name: f"the extra {extra}" for extra, asked in extras.items() for name in _names(asked)}
    found |= {name: f"the group {group}" for group, asked in groups.items() for name in _names(asked)}
    for group, table in of_poetry.items():
        asked = table.get("dependencies") if isinstance(table, dict) else None
        found |= dict.fromkeys(_names(list(asked) if isinstance(asked, dict) else ()), f"the group {group}")
    return found


def asked_elsewhere(root: Path, name: str | None, distribution: str) -> str | None:
    """The requirements file besides `name` that asks for a distribution: of several the one that asks for most."""
    folders = (root, root / "requirements")
    there = (path.relative_to(root).as_posix() for folder in folders if folder.is_dir() for path in folder.iterdir())
    others = {
        other: {canonicalize_name(asked.name) for asked in builders.Requirements(root, other).reading.named}
        for other in sorted(there)
        if other != name and _OTHER_NAMES.fullmatch(other) and not _NOT_TO_RUN.search(other)
    }
    asking = [other for other, names in others.items() if distribution in names]
    return max(asking, key=lambda other: len(others[other]), default=None)


def _lists(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(asked: object) -> Iterator[str]:
    for item in asked if isinstance(asked, (list, tuple)) else ():
        if isinstance(item, str) and (found := _NAME.match(item)):
            yield canonicalize_name(found[0])


def _with_hint(fault: RequirementsFault) -> str:
    return f"{fault.problem}; {fault.hint}" if fault.hint else fault.problem
