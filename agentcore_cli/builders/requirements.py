"""What an agent requires, with every file and every package on this machine that its requirements lean on.

One reader for all: what is hashed, what is installed from, what the entrypoint check knows to be asked for.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement

from agentcore_cli.builders import index_settings, local_packages, own_project, poetry
from agentcore_cli.builders.own_project import OwnProject
from agentcore_cli.builders.redaction import ENCODE, UNCLEAR, unclear_line
from agentcore_cli.builders.requirement_lines import Line, lines_of, parse
from agentcore_cli.confines import require_in_repository
from agentcore_cli.decoding import text_of
from agentcore_cli.errors import InputError

LOCK_FILE: Final = "uv.lock"
_INCLUDES: Final = ("-r", "--requirement", "-c", "--constraint")
_CONSTRAINTS: Final = ("-c", "--constraint")
_NO_FILE: Final = "there is no such file"
_NO_TABLE: Final = "has no [project] table, so it names no dependencies"
_DECIDES: Final = ("dependencies", "requires-python", "dynamic")  # of [project]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, `file` as the user knows it."""

    file: str
    line: int | None
    problem: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.file}: {self.problem}" if self.line is None else f"{self.file}:{self.line}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Written:
    """The lines of a requirements file and of its constraints, for a project that the installer can't read itself."""

    requirements: list[str]
    constraints: list[str]


@dataclass
class Reading:
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
    faults: list[Fault] = field(default_factory=list)
    remote: bool = False
    written: Written | None = None
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


@dataclass(frozen=True)
class Requirements:
    """A requirements.txt, pyproject.toml or uv.lock in the project's folder. `name` is how the user calls it.

    `resolved` stands for the state of the index and of git at which they were resolved anew, by `deploy --upgrade`.
    """

    root: Path
    name: str
    resolved: str = ""

    @property
    def anew(self) -> Requirements:
        """The same, to be read again."""
        return Requirements(self.root, self.name, self.resolved)

    @property
    def refreshed(self) -> Requirements:
        """The same, to be looked up where they come from, whatever is known from before."""
        return Requirements(self.root, self.name, self.resolved or "now")

    @property
    def path(self) -> Path:
        """The file that says what is required; for a uv.lock, the pyproject.toml beside it."""
        named = self.root / self.name
        return named.with_name("pyproject.toml") if named.name == LOCK_FILE else named

    @property
    def is_project(self) -> bool:
        return self.path.suffix == ".toml"

    @property
    def lock(self) -> Path | None:
        """The uv.lock beside a pyproject.toml or of its workspace, which pins what is installed."""
        if not self.is_project:
            return None
        places = (self.path.parent, local_packages.workspace_of(self.path.parent))
        locks = (place / LOCK_FILE for place in places if place)
        lock = next((lock for lock in locks if lock.exists()), None)
        if lock:
            shown = lock.relative_to(self.root) if lock.is_relative_to(self.root) else lock
            require_in_repository(lock, self.root, str(shown))
        return lock

    @cached_property
    def reading(self) -> Reading:
        """The requirements as they are now; what is wrong with them is in its `faults`."""
        reading = Reading()
        if self.is_project:
            _Reader(self, reading).read_project(self.path)
        else:
            _Reader(self, reading).read_text(self.path, constraint=False)
            if own := own_project.beside(self.path):
                reading.belong_to(own)
        return reading

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders of all local packages that are installed: those asked for, and those that they lean on.

        Raises InputError that names a project file of theirs which can't be read.
        """
        asked = [place for place in self.reading.places if local_packages.is_package(place)]
        found = tuple(local_packages.closure(asked))
        for folder in found:
            require_in_repository(folder, self.root.resolve(), str(folder))
        return found

    def checked(self) -> Reading:
        """What was read. Raises InputError for the first fault."""
        if self.reading.faults:
            fault = self.reading.faults[0]
            hint = "use a requirements.txt" if fault.problem == _NO_TABLE else fault.hint
            if fault.line is None and fault.problem == _NO_FILE:
                hint = "mend `requirements` in the config, or make the file"
            raise InputError(str(fault), hint=hint)
        return self.reading

    def files(self) -> list[Path]:
        """Every file that says what is installed, the main one first. Raises InputError as `digest` does."""
        return [*self.checked().files, *([self.lock] if self.lock else [])]

    def digest(self) -> str:
        """The same as long as what is asked for is the same: files that are included and local packages count.

        Raises InputError that names a file which is missing or can't be read.
        """
        reading = self.checked()
        digest = hashlib.sha256()
        for part in (*reading.parts, self.resolved):
            digest.update(part.encode(errors="surrogateescape") + b"\0")
        for place in dict.fromkeys((*reading.places, *self.folders)):
            digest.update(local_packages.digest(place).encode() + b"\0")
        if self.lock:
            digest.update(self.lock.read_bytes())
        for file in index_settings.constraints(os.environ):
            digest.update(file.read_bytes() if file.is_file() else b"")
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Reader:
    requirements: Requirements
    reading: Reading

    def read_text(self, path: Path, *, constraint: bool) -> None:
        """A requirements file and those it includes."""
        known = {file.resolve() for file in self.reading.files}
        if path.resolve() in known or (text := self._text(path)) is None:
            return
        self.reading.files.append(path)
        for line in lines_of(text, local_packages.environ_of(self.requirements.root)):
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
        if path == self.requirements.path and (own := own_project.of(content, path.parent)):
            self.reading.belong_to(own)
        if poetry.is_poetry(content):
            self._read_poetry(path, content)
        elif isinstance(content.get("project"), dict):
            self._read_standard(path, content)
        else:
            self._fault(path, None, _NO_TABLE)

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
            asked, pins = poetry.read(path.parent, content, self.requirements.root)
        except InputError as error:
            self._fault(path, None, error.message)
            return
        self.reading.parts += [*asked, *pins]
        self.reading.written = Written(asked, pins)
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
            self._add_place(path, line.number, self.requirements.root / line.path)
        elif line.option in ("-f", "--find-links") and "://" not in line.value:
            beside = [folder / line.value for folder in (self.requirements.root, path.parent)]
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
        where = str(Fault(self._shown(path), number, written)) if written else self._shown(path)
        try:
            require_in_repository(place, self.requirements.root, where)
        except InputError as error:
            problem = f"{written}{error.message.removeprefix(where)}".removeprefix(": ")
            self.reading.faults.append(Fault(self._shown(path), number, problem, error.hint))
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
            self._fault(path, None, _NO_FILE)
        except UnicodeDecodeError:
            self._fault(path, None, "not UTF-8 text, nor UTF-16 with its byte order mark")
        except OSError as error:
            self._fault(path, None, f"can't be read: {error.strerror}")
        return None

    def _fault(self, path: Path, line: int | None, problem: str) -> None:
        self.reading.faults.append(Fault(self._shown(path), line, problem))

    def _shown(self, path: Path) -> str:
        root = self.requirements.root
        return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
