"""The distributions that a requirements file or pyproject.toml asks for by name, and the files it is spread over."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentcore_cli import confines
from agentcore_cli.decoding import text_of
from agentcore_cli.operations.check.distributions import normalised
from agentcore_cli.operations.check.findings import Finding

_INCLUDE = re.compile(r"(?P<kind>-r|-c|--requirement|--constraint)(?:\s+|=|(?=\S))(?P<file>[^\s#]+)")
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<extras>\[[^]]*])?\s*(?P<rest>[^;#]*)")
_PINNED = re.compile(r"===?\s*([\w.!+-]+)\s*")


@dataclass
class Requirements:
    """`names` are normalised; `extended` are those with extras; `pins` are the versions that `==` demands.

    `is_open`: it asks for something without a name, a path or a URL, so that more may be installed than is known.
    `files` starts with the main one, relative to the project.
    """

    names: set[str] = field(default_factory=set)
    extended: set[str] = field(default_factory=set)
    pins: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    is_open: bool = False
    findings: list[Finding] = field(default_factory=list)


def read(root: Path, name: str | None) -> Requirements:
    """What `name`, a file below `root`, asks for; nothing for None. What is wrong with the file is in `findings`."""
    requirements = Requirements()
    if name is None:
        return requirements
    if name.endswith(".toml"):
        _read_project(root, name, requirements)
    else:
        _read_text(root, name, requirements, constraint=False)
    return requirements


def _read_text(root: Path, name: str, found: Requirements, *, constraint: bool) -> None:
    text = _text(root, name, found)
    if text is None or name in found.files:
        return
    found.files.append(name)
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if include := _INCLUDE.match(stripped):
            kind, file = include["kind"], include["file"]
            included = (root / name).parent.joinpath(file)
            if "://" in file or not included.resolve().is_relative_to(root.resolve()):
                found.is_open = True
            elif not included.is_file():
                found.findings.append(Finding(name, number, f"{file}: there is no such file"))
            else:
                path = included.resolve().relative_to(root.resolve()).as_posix()
                _read_text(root, path, found, constraint=constraint or kind in ("-c", "--constraint"))
        elif stripped and not stripped.startswith("#") and not constraint:
            _add(stripped, found)


def _read_project(root: Path, name: str, found: Requirements) -> None:
    text = _text(root, name, found)
    if text is None:
        return
    found.files.append(name)
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found.findings.append(Finding(name, None, f"not TOML: {error}"))
        return
    project = content.get("project")
    if not isinstance(project, dict):
        found.findings.append(Finding(name, None, "has no [project] table, so it names no dependencies"))
        return
    found.is_open = "dependencies" in project.get("dynamic", [])
    _add_all((item for item in project.get("dependencies", []) if isinstance(item, str)), found)


def _add_all(lines: Iterable[str], found: Requirements) -> None:
    for line in lines:
        _add(line, found)


def _add(line: str, found: Requirements) -> None:
    if line.startswith("-"):
        found.is_open = found.is_open or line.startswith(("-e", "--editable"))
        return
    match = _NAMED.match(line)
    if match is None or "/" in line.partition("@")[0].partition(";")[0] or match["name"].endswith((".whl", ".gz")):
        found.is_open = True
        return
    name = normalised(match["name"])
    found.names.add(name)
    if match["extras"]:
        found.extended.add(name)
    if pinned := _PINNED.match(match["rest"]):
        found.pins[name] = pinned[1]


def _text(root: Path, name: str, found: Requirements) -> str | None:
    if not confines.is_inside(root / name, root):
        found.findings.append(Finding(name, None, "a link that leads outside the project; it was not read"))
        return None
    try:
        return text_of((root / name).read_bytes())
    except FileNotFoundError:
        found.findings.append(Finding(name, None, "there is no such file"))
    except OSError as error:
        found.findings.append(Finding(name, None, f"can't be read: {error.strerror}"))
    except UnicodeDecodeError:
        found.findings.append(Finding(name, None, "not UTF-8 text, nor UTF-16 with its byte order mark"))
    return None
