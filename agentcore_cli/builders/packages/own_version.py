"""The version of a project whose pyproject.toml leaves it to its build: looked up where its build looks, not built.

Understood are the files that hatch, setuptools, PDM and flit name, and those that setuptools-scm and hatch-vcs have
written at an earlier build. What they would ask git for stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from agentcore_cli import confines

_ASSIGNED: Final = r"""^\s*{name}\s*(?::[^=\n]+)?=\s*['"]v?(?P<version>[^'"]+)['"]"""
_USUAL: Final = "(?:__version__|__VERSION__|VERSION|version)"
_SIZE_MAX: Final = 1_000_000  # bytes


def find(content: Mapping[str, Any], folder: Path) -> str | None:
    """What the build of the pyproject.toml in `folder` would say, None where only the build knows. Raises nothing."""
    for path, pattern in _places(content, folder):
        if found := _search(folder, path, pattern):
            return found
    return None


def _places(content: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, str]]:
    """Files of the project, and what to look for in them; an empty pattern is all of the file."""
    hatch = _at(content, "tool", "hatch", "version")
    yield _text(hatch, "path"), _text(hatch, "pattern") or _ASSIGNED.format(name=_USUAL)
    dynamic = _at(content, "tool", "setuptools", "dynamic", "version")
    files = dynamic.get("file", [])
    for file in [files] if isinstance(files, str) else files if isinstance(files, list) else []:
        yield str(file), ""
    module, _, name = _text(dynamic, "attr").rpartition(".")
    for place in _modules(module, content):
        yield place, _ASSIGNED.format(name=re.escape(name))
    yield _text(_at(content, "tool", "pdm", "version"), "path"), _ASSIGNED.format(name="__version__")
    build = _text(_at(content, "build-system"), "build-backend")
    if build.startswith("flit"):
        module = _text(_at(content, "tool", "flit", "module"), "name") or _text(_at(content, "project"), "name")
        for place in _modules(module.replace("-", "_"), content):
            yield place, _ASSIGNED.format(name="__version__")
    for table, key in (
        (_at(content, "tool", "setuptools_scm"), "version_file"),
        (_at(content, "tool", "setuptools_scm"), "write_to"),
        (_at(content, "tool", "hatch", "build", "hooks", "vcs"), "version-file"),
    ):
        yield _text(table, key), r"^(?:__version__\s*=\s*)?(?:version\s*=\s*)?['\"]?v?(?P<version>\d[\w.+!-]*)"


def _modules(module: str, content: Mapping[str, Any]) -> Iterator[str]:
    """Where the source of a module may lie."""
    if not module:
        return
    root = _text(_at(content, "tool", "setuptools", "package-dir"), "")
    path = module.replace(".", "/")
    for base in dict.fromkeys((f"{root}/" if root else "", "src/", "")):
        yield from (f"{base}{path}/__init__.py", f"{base}{path}.py")


def _search(folder: Path, path: str, pattern: str) -> str | None:
    file = folder / path
    if not path or not confines.is_inside(file, folder):
        return None
    try:
        if not file.is_file() or file.stat().st_size > _SIZE_MAX:
            return None
        text = file.read_text(encoding="utf-8-sig")
        found = re.search(pattern, text, re.MULTILINE) if pattern else None
        return text.strip() if not pattern else found["version"] if found else None
    except (OSError, UnicodeDecodeError, re.error, IndexError):
        return None


def _at(content: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = content.get(key)
        content = value if isinstance(value, dict) else {}
    return content


def _text(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""
