"""Poetry's own table of dependencies, read as requirements (PEP 508), at the versions that its lock has."""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from agentcore_cli.errors import InputError

LOCK_FILE: Final = "poetry.lock"
_EXPORT: Final = "poetry export -f requirements.txt -o requirements.txt --without-hashes"


def is_poetry(content: Mapping[str, Any]) -> bool:
    """Whether a pyproject.toml lists what it depends on for Poetry, and not in the standard way."""
    listed = content.get("tool", {}).get("poetry", {}).get("dependencies")
    project = content.get("project", {})
    return isinstance(listed, dict) and ("dependencies" not in project or "dependencies" in project.get("dynamic", []))


def read(folder: Path, content: Mapping[str, Any], root: Path) -> tuple[list[str], list[str]]:
    """The lines of a requirements file and of a constraints file. Paths in `folder` are written relative to `root`.

    Raises InputError for a constraint that PEP 508 has no words for, and for a lock that can't be read.
    """
    table = content["tool"]["poetry"]
    found = list(_indexes(table.get("source", [])))
    for name, wanted in table["dependencies"].items():
        if name.lower() != "python":
            for item in wanted if isinstance(wanted, list) else [wanted]:
                told = item if isinstance(item, dict) else {"version": item}
                if "path" in told:
                    told = {**told, "path": os.path.relpath(folder / told["path"], root)}
                found += _line(name, told)
    return found, list(_pins(folder / LOCK_FILE))


def _indexes(sources: list[Mapping[str, Any]]) -> Iterator[str]:
    for source in sources:
        if url := source.get("url"):
            option = "--index-url" if source.get("priority") in ("primary", "default") else "--extra-index-url"
            yield f"{option} {url}"


def _line(name: str, item: Mapping[str, Any]) -> Iterator[str]:
    if item.get("optional"):
        return
    extras = f"[{','.join(item['extras'])}]" if item.get("extras") else ""
    markers = [f"({item['markers']})"] if item.get("markers") else []
    if python := item.get("python"):
        markers += [f"python_full_version {part.operator} '{part.version}'" for part in specifiers(name, python)]
    marker = f" ; {' and '.join(markers)}" if markers else ""
    yield f"{name}{extras}{_where(name, item)}{marker}"


def _where(name: str, item: Mapping[str, Any]) -> str:
    if git := item.get("git"):
        at = item.get("rev") or item.get("tag") or item.get("branch")
        folder = f"#subdirectory={item['subdirectory']}" if item.get("subdirectory") else ""
        return f" @ git+{git}{'@' + at if at else ''}{folder}"
    if path := item.get("path"):
        return f" @ file:{path}"
    if url := item.get("url"):
        return f" @ {url}"
    return str(specifiers(name, item.get("version", "*")))


def specifiers(name: str, constraint: str) -> SpecifierSet:
    """Poetry's `^1.2`, `~1.2`, `1.*`, `>=1 <2` as a set of specifiers (its documentation's "dependency specification").

    Raises InputError for alternatives (`||`) and for what is no constraint.
    """
    parts = [part for part in re.split(r"[,\s]+", re.sub(r"([<>=!~^])\s+", r"\1", constraint.strip())) if part]
    try:
        if "|" in constraint:
            raise InvalidSpecifier(constraint)
        return SpecifierSet(",".join(piece for part in parts if (piece := _specifier(part))))
    except (InvalidSpecifier, InvalidVersion) as error:
        raise InputError(f"{name}: {constraint!r} has no equal in a requirements file; {_EXPORT}") from error


def _specifier(part: str) -> str:
    if part == "*":
        return ""
    if part[0] == "^" or (part[0] == "~" and not part.startswith("~=")):
        version = Version(part[1:])
        release = version.release
        if part[0] == "~":
            kept = min(len(release), 2)
        else:
            kept = next((index + 1 for index, number in enumerate(release) if number), len(release))
        above = ".".join(map(str, (*release[: kept - 1], release[kept - 1] + 1)))
        return f">={version},<{above}"
    return part if part[0] in "<>=!~" else f"=={part}"


def _pins(lock: Path) -> Iterator[str]:
    """Constraints of the lock: what it has from an index in one version alone."""
    if not lock.is_file():
        return
    try:
        packages = tomllib.loads(lock.read_text(encoding="utf-8")).get("package", [])
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{LOCK_FILE}: {error}") from error
    times = Counter(canonicalize_name(package["name"]) for package in packages)
    for package in packages:
        from_index = package.get("source", {}).get("type", "legacy") == "legacy"
        if from_index and times[canonicalize_name(package["name"])] == 1:
            yield f"{package['name']}=={package['version']}"
