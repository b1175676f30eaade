"""The project itself as something that is installed: its name, version and entry points beside the packages.

The code is not installed: it runs where it lies, so that a changed line needs no new environment. What a program asks
`importlib.metadata` for, its own version or the plugins that it registers, is there as after `pip install .`. Format:
the specifications "Core metadata", "Recording installed projects" and "Entry points" of packaging.python.org.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from agentcore_cli.builders.packages import own_version

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_UNKNOWN: Final = "0+unknown"  # what a build would find out from git
_SCRIPTS: Final = {"scripts": "console_scripts", "gui-scripts": "gui_scripts"}


@dataclass(frozen=True, slots=True)
class OwnProject:
    """`entry_points` are name and target by their group."""

    name: str
    version: str
    entry_points: Mapping[str, Mapping[str, str]]

    @property
    def part(self) -> str:
        """The same as long as what is written is the same."""
        return json.dumps([self.name, self.version, self.entry_points], sort_keys=True)

    @property
    def stem(self) -> str:
        """What the folder of its metadata begins with."""
        return canonicalize_name(self.name).replace("-", "_")

    @property
    def folder(self) -> str:
        return f"{self.stem}-{self.version}.dist-info"

    @property
    def files(self) -> dict[str, tuple[str, ...]]:
        """The lines of each file in the folder of its metadata."""
        files: dict[str, tuple[str, ...]] = {
            "METADATA": ("Metadata-Version: 2.1", f"Name: {self.name}", f"Version: {self.version}"),
            "INSTALLER": ("agentcore",),
            "entry_points.txt": tuple(self._sections()),
        }
        return files | {"RECORD": tuple(f"{self.folder}/{name},," for name in (*files, "RECORD"))}

    def write(self, packages: Path) -> None:
        """Add it to a folder of packages, unless it is installed there for good."""
        if any(packages.glob(f"{self.stem}-*.dist-info")):
            return
        folder = packages / self.folder
        folder.mkdir()
        for name, lines in self.files.items():
            (folder / name).write_text("".join(f"{line}\n" for line in lines))

    def _sections(self) -> Iterator[str]:
        for group, names in self.entry_points.items():
            yield f"[{group}]"
            yield from (f"{name} = {target}" for name, target in names.items())


def beside(requirements: Path) -> OwnProject | None:
    """The project that a requirements file belongs to: what a pyproject.toml beside it says, as `of` has it."""
    file = requirements.with_name("pyproject.toml")
    try:
        return of(tomllib.loads(file.read_text(encoding="utf-8-sig")), file.parent)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None


def of(content: Mapping[str, Any], folder: Path) -> OwnProject | None:
    """What the pyproject.toml in `folder` says of the project, if its tools install it: it has a build system, or
    Poetry's table.
    """
    project, poetry = table_of(content, "project"), table_of(content, "tool", "poetry")
    uv_says = table_of(content, "tool", "uv").get("package")
    is_package = uv_says if isinstance(uv_says, bool) else "build-system" in content
    if not is_package or poetry.get("package-mode") is False:
        return None
    name = project.get("name") or poetry.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    version = project.get("version") or poetry.get("version") or own_version.find(content, folder)
    return OwnProject(name, _version(version), _entry_points(project, poetry))


def _version(said: Any) -> str:
    try:
        return str(Version(str(said)))
    except InvalidVersion:
        return _UNKNOWN


def _entry_points(project: Mapping[str, Any], poetry: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    groups: dict[str, Any] = {**table_of(poetry, "plugins"), **table_of(project, "entry-points")}
    groups |= {
        group: names for key, group in _SCRIPTS.items() if (names := table_of(project, key) or table_of(poetry, key))
    }
    found = {group: _lines(names) for group, names in groups.items() if _is_line(group) and isinstance(names, dict)}
    return {group: names for group, names in found.items() if names}


def _lines(names: Mapping[str, Any]) -> dict[str, str]:
    return {name: target for name, target in names.items() if _is_line(name) and _is_line(target)}


def _is_line(text: Any) -> bool:
    return isinstance(text, str) and text.isprintable()


def table_of(content: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = content.get(key)
        content = value if isinstance(value, dict) else {}
    return content
