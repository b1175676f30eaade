"""A requirements file or a pyproject.toml, read with the files that it includes: what it asks for, and its faults."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

from agentcore_cli.builders.packages import local_packages, own_project, poetry
from agentcore_cli.builders.packages.own_project import OwnProject
from agentcore_cli.builders.packages.redaction import ENCODE, UNCLEAR, unclear_line
from agentcore_cli.builders.packages.requirement_lines import Line, lines_of, parse
from agentcore_cli.confines import require_in_repository
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError

_INCLUDES: Final = ("-r", "--requirement", "-c", "--constraint")
_CONSTRAINTS: Final = ("-c", "--constraint")
NO_FILE: Final = "there is no such file"
NO_TABLE: Final = "has no [project] table, so it names no dependencies"
_DECIDES: Final = ("dependencies", "requires-python", "dynamic")  # of [project]


@dataclass(frozen=True, slots=True)
class RequirementsFault:
    """What is wrong with a file, `file` as the user knows it."""

    file: str
    line: int | None
    problem: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}" if self.line is None else f"{self.file}:{self.line}: {self.problem}"


@dataclass(frozen=True, slots=True)
class RequirementsText:
    """The lines of a requirements file and of its constraints, for a project that the installer can't read itself."""

    requirements: list[str]
    constraints: list[str]


@dataclass
class ReadRequirements:
    """Everything that was read.

    `constraints` ask for nothing; `places` are what is on this machine: folders of packages, wheels, folders of wheels.
    `parts` are what decides what is installed. `remote`: some is not known here. `written` is what to install from,
    None for the files themselves. `own` is the project, where it is installed itself.
    """

    lines: list[Line] = field(default_factory=list)
    constraints: list[Line] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    places: dict[Path, None] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    faults: list[RequirementsFault] = field(default_factory=list)
    remote: bool = False
    written: RequirementsText | None = None
    own: OwnProject | None = None

    def belong_to(self, project: OwnProject) -> None:
        """The requirements are this project's."""
        self.own = project
        self.parts.append(project.part)

    @property
    def named(self) -> list[Requirement]:
        return [line.requirement for line in self.lines if line.requirement]

    @property
    def is_open(self) -> bool:
        """Whether something without a name is asked for, so that more may be installed than is known."""
        return self.remote or any(not line.requirement and (not line.option or line.is_editable) for line in self.lines)


@dataclass(frozen=True, slots=True)
class RequirementReader:
    """Reads into `reading` what `main`, a file of the project at `root`, asks for."""

    root: Path
    main: Path
    reading: ReadRequirements

    def read_text(self, path: Path, *, constraint: bool) -> None:
        """A requirements file and those it includes."""
        known = {file.resolve() for file in self.reading.files}
        if path.resolve() in known or (text := self._text(path)) is None:
            return
        self.reading.files.append(path)
        for line in lines_of(text, local_packages.environ_of(self.root)):
            self.reading.parts.append(line.text)
            if line.option in _INCLUDES:
                self._include(path, line, constraint=constraint or line.option in _CONSTRAINTS)
            elif constraint:
                self.reading.constraints.append(line)
            else:
                self._take(path, line)

    def read_project(self, path: Path) -> None:
        """The parts of a pyproject.toml that decide what is installed; its tools' settings don't."""
        text = self._text(path)
        if text is None:
            return
        self.reading.files.append(path)
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self._fault(path, None, f"not TOML: {error}")
            return
        if path == self.main and (own := own_project.of(content, path.parent)):
            self.reading.belong_to(own)
        if poetry.is_poetry(content):
            self._read_poetry(path, content)
        elif isinstance(content.get("project"), dict):
            self._read_standard(path, content)
        else:
            self._fault(path, None, NO_TABLE)

    def _read_standard(self, path: Path, content: dict[str, Any]) -> None:
        project, tool = content["project"], content.get("tool", {}).get("uv", {})
        chosen = {key: project.get(key) for key in _DECIDES}
        self.reading.parts.append(json.dumps([chosen, tool], sort_keys=True, default=str))
        if "dependencies" in project.get("dynamic", []):
            self.reading.remote = True
            for file in local_packages.dynamic_files(path.parent, content):
                self.reading.parts.append(local_packages.digest(file))
        for item in project.get("dependencies", []):
            if isinstance(item, str):
                self._take(path, parse(item))
        for place in local_packages.sources_of(path.parent, content):
            self._add_place(path, None, place)

    def _read_poetry(self, path: Path, content: dict[str, Any]) -> None:
        try:
            asked, pins = poetry.read(path.parent, content, self.root)
        except InputError as error:
            self._fault(path, None, error.message)
            return
        self.reading.parts += [*asked, *pins]
        self.reading.written = RequirementsText(asked, pins)
        self.reading.constraints += map(parse, pins)
        for line in map(parse, asked):
            self._take(path, line)

    def _include(self, path: Path, line: Line, *, constraint: bool) -> None:
        included = path.parent / line.value
        if "://" in line.value:
            self.reading.remote = self.reading.remote or not constraint
        elif not self._may_read(included, path, line.number, line.value):
            return
        elif not included.is_file():
            self._fault(path, line.number, f"{line.value}: there is no such file")
        elif included.suffix == ".toml":
            self.read_project(included)
        else:
            self.read_text(included, constraint=constraint)

    def _take(self, path: Path, line: Line) -> None:
        self.reading.lines.append(line)
        if line.path is not None:
            self._add_place(path, line.number, self.root / line.path)
        elif line.option in ("-f", "--find-links") and "://" not in line.value:
            beside = [folder / line.value for folder in (self.root, path.parent)]
            self.reading.places |= {folder.resolve(): None for folder in beside if folder.is_dir()}

    def _add_place(self, path: Path, number: int | None, place: Path) -> None:
        if not self._may_read(place, path, number, str(place)):
            return
        if not place.exists():
            self._fault(path, number, f"{place}: there is no such file or folder")
            return
        self.reading.places[place.resolve()] = None

    def _may_read(self, place: Path, path: Path, number: int | None, written: str = "") -> bool:
        """Whether a place that a line leads to lies in the repository; else that is a fault."""
        where = str(RequirementsFault(self._shown(path), number, written)) if written else self._shown(path)
        try:
            require_in_repository(place, self.root, where)
        except InputError as error:
            problem = f"{written}{error.message.removeprefix(where)}".removeprefix(": ")
            self.reading.faults.append(RequirementsFault(self._shown(path), number, problem, error.hint))
            return False
        return True

    def _text(self, path: Path) -> str | None:
        if not self._may_read(path, path, None):
            return None
        try:
            text = text_of(path.read_bytes())
            if number := unclear_line(text):
                self._fault(path, number, f"{UNCLEAR}: {ENCODE}")
            return text
        except FileNotFoundError:
            self._fault(path, None, NO_FILE)
        except UnicodeDecodeError:
            self._fault(path, None, "not UTF-8 text, nor UTF-16 with its byte order mark")
        except OSError as error:
            self._fault(path, None, f"can't be read: {error.strerror}")
        return None

    def _fault(self, path: Path, line: int | None, problem: str) -> None:
        self.reading.faults.append(RequirementsFault(self._shown(path), line, problem))

    def _shown(self, path: Path) -> str:
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
