"""What an agent requires, with every file and every package on this machine that its requirements lean on.

One reader for all: what is hashed, what is installed from, what the entrypoint check knows to be asked for.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages import index_settings, local_packages, own_project
from agentcore_cli.builders.packages.requirement_reader import NO_FILE, NO_TABLE, ReadRequirements, RequirementReader
from agentcore_cli.confines import require_in_repository
from agentcore_cli.errors import InputError

LOCK_FILE: Final = "uv.lock"


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
    def reading(self) -> ReadRequirements:
        """The requirements as they are now; what is wrong with them is in its `faults`."""
        reading = ReadRequirements()
        reader = RequirementReader(self.root, self.path, reading)
        if self.is_project:
            reader.read_project(self.path)
        else:
            reader.read_text(self.path, constraint=False)
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

    def checked(self) -> ReadRequirements:
        """What was read. Raises InputError for the first fault."""
        if self.reading.faults:
            fault = self.reading.faults[0]
            hint = "use a requirements.txt" if fault.problem == NO_TABLE else fault.hint
            if fault.line is None and fault.problem == NO_FILE:
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
