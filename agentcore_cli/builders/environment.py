"""The packages an agent runs with: a virtual environment per set of requirements, made once and shared.

An environment lives in `<folder>/<hash>`, the hash being of what was asked for and of the Python below it. It is made
beside that name and renamed, so what has the name is whole; two at once do the same work and one of them is kept.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli.builders import beside, installer, locked
from agentcore_cli.builders.interpreters import Interpreter
from agentcore_cli.builders.requirements import Requirements

_FORMAT: Final = "1"  # change it when an environment made by an older version of this file must not be used


@dataclass(frozen=True, slots=True)
class Environment:
    """A whole environment, ready to run. `key` is its hash."""

    key: str
    path: Path

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    def has(self, module: str) -> bool:
        """Whether a top-level module or package is installed."""
        packages = next(self.path.glob("lib/python3*/site-packages"))
        return (packages / module).is_dir() or (packages / f"{module}.py").is_file()


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
        return found
    _remove_without_python(folder / key)
    with beside.filled(folder / key) as partial:
        _fill(partial, requirements, interpreter, tell, stopping)
    return Environment(key, folder / key)


def _fill(
    partial: Path,
    requirements: Requirements | None,
    interpreter: Interpreter,
    tell: installer.Tell,
    stopping: installer.Stopping,
) -> None:
    root = requirements.root if requirements else partial
    # relocatable: the scripts find their Python after the rename
    venv = ["venv", str(partial), "--python", str(interpreter.path), "--relocatable", "--allow-existing", "--no-config"]
    installer.run(venv, folder=root, tell=tell, stopping=stopping, writes_to=partial.parent)
    if not requirements:
        return
    # copied: a session that could write to a hard link would write to uv's cache
    install = ["pip", "install", "--python", str(partial / "bin" / "python"), "--link-mode=copy", "--compile-bytecode"]
    with locked.requirements_file(requirements, interpreter, tell=tell, stopping=stopping) as file:
        wanted = ["--no-editable", "--requirements", str(file)]
        installer.run([*install, *wanted], folder=root, tell=tell, stopping=stopping, writes_to=partial.parent)


def _remove_without_python(place: Path) -> None:
    """Clear away an environment whose Python was removed from the machine."""
    if place.exists() and not (place / "bin" / "python").exists():
        shutil.rmtree(place)
