"""The packages an agent runs with: a virtual environment per set of requirements, made once and shared.

An environment lives in `<folder>/<hash>`, the hash being of what was asked for and of the Python below it. It is made
beside that name and renamed, so what has the name is whole. Of two who want the same one, one waits for the other;
the kernel drops the lock of one that is killed.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from agentcore_cli import files, shared_environments
from agentcore_cli.builders import atomic_dir as beside
from agentcore_cli.builders.packages import installer, outside
from agentcore_cli.builders.packages import lockfile as locked
from agentcore_cli.builders.packages import wheels as unpacked
from agentcore_cli.builders.packages.interpreters import Interpreter
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import AgentcoreError, ConflictError

_LOOK_SECONDS: Final = 0.1
_FORMAT: Final = "3"  # change it when an environment made by an older version of this file must not be used


@dataclass(frozen=True, slots=True)
class Environment:
    """A whole environment, ready to run. `key` is its hash."""

    key: str
    path: Path

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def packages(self) -> Path:
        """The folder that packages are installed in."""
        return next(self.path.glob("lib/python3*/site-packages"))

    def has(self, module: str) -> bool:
        """Whether a top-level module or package is installed."""
        return (self.packages / module).is_dir() or (self.packages / f"{module}.py").is_file()


def key_of(requirements: Requirements | None, interpreter: Interpreter) -> str:
    """The hash of an environment that may not be made yet. Raises InputError for requirements that can't be read."""
    asked = requirements.digest() if requirements else ""
    parts = (_FORMAT, asked, interpreter.version, str(interpreter.path), platform.system(), platform.machine())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def find(folder: Path, key: str) -> Environment | None:
    """The environment with this hash, if it is there and the Python below it still is."""
    environment = Environment(key, folder / key)
    return environment if environment.python.exists() else None


def build(
    folder: Path,
    requirements: Requirements | None,
    interpreter: Interpreter,
    *,
    tell: installer.Tell,
    stopping: installer.Stopping,
) -> Environment:
    """The environment for these requirements; installed now unless it is there.

    Raises InputError for requirements that can't be met and AgentcoreError for a failed download or build or a full
    disk; nothing is left behind then.
    """
    key = key_of(requirements, interpreter)
    if found := find(folder, key):
        shared_environments.note_use(found.path)
        return found
    with _alone(folder / f".{key}.building", tell, stopping):
        if found := find(folder, key):
            return found
        _remove_without_python(folder / key)
        with beside.filled(folder / key) as partial:
            _fill(partial, requirements, interpreter, tell, stopping)
            if requirements and key_of(requirements.anew, interpreter) != key:
                raise changed_meanwhile()
        shared_environments.note_made(folder / key)
    return Environment(key, folder / key)


@contextmanager
def _alone(path: Path, tell: installer.Tell, stopping: installer.Stopping) -> Iterator[None]:
    """Be the only one who installs this; whoever does it now is waited for. Raises AgentcoreError when told to stop."""
    with ExitStack() as held:
        for turn in count():
            try:
                held.enter_context(files.lock(path, purpose="installation of the same packages"))
                break
            except ConflictError:
                if turn == 0:
                    tell("waiting: the same packages are being installed by another command")
                if stopping():
                    raise AgentcoreError("interrupted") from None
                time.sleep(_LOOK_SECONDS)
        held.callback(path.unlink, missing_ok=True)  # who opened it before finds what was installed, or installs it
        yield


def changed_meanwhile() -> AgentcoreError:
    return AgentcoreError("what is required changed while it was being installed", hint="run the same command again")


def _fill(
    partial: Path,
    requirements: Requirements | None,
    interpreter: Interpreter,
    tell: installer.Tell,
    stopping: installer.Stopping,
) -> None:
    # relocatable: the scripts find their Python after the rename
    venv = ["venv", str(partial), "--python", str(interpreter.path), "--relocatable", "--allow-existing", "--no-config"]
    installer.run(venv, folder=partial, tell=tell, stopping=stopping, writes_to=partial.parent)
    if not requirements:
        return
    # copied: a session that could write to a hard link would write to uv's cache
    install = ["pip", "install", "--python", str(partial / "bin" / "python"), "--link-mode=copy", "--compile-bytecode"]
    with (
        outside.project(requirements) as project,
        locked.requirements_file(project, interpreter, tell=tell, stopping=stopping) as given,
    ):
        wanted = ["--no-editable", "--requirements", str(given.file)]
        given.run([*install, *wanted], tell=tell, stopping=stopping, writes_to=partial.parent)
        installed = Environment("", partial).packages
        given.forget(installed)
        unpacked.forget_credentials(installed)
    if own := requirements.reading.own:
        own.write(Environment("", partial).packages)


def _remove_without_python(place: Path) -> None:
    """Clear away an environment whose Python was removed from the machine."""
    if place.exists() and not (place / "bin" / "python").exists():
        shutil.rmtree(place)
