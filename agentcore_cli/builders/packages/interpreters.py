"""The Pythons of this machine, found without starting the search tools of others and without downloading one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli.errors import InputError
from agentcore_cli.user_folder import home_of

SUPPORTED: Final = range(10, 15)  # minor versions of Python 3 that AgentCore's code runtimes have
_EXECUTABLE: Final = re.compile(r"python3\.(\d{1,2})t?")
_PROBE: Final = (
    "import json,os,sys;"
    "print(json.dumps([os.path.realpath(sys._base_executable),sys.version_info[:3],sys.implementation.name]))"
)
_PROBE_SECONDS: Final = 10

_answers: dict[tuple[Path, int, int, int], Interpreter] = {}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python outside every virtual environment. `version` is `3.13.0`, `minor` is `3.13`."""

    path: Path
    version: str

    @property
    def minor(self) -> str:
        return self.version.rpartition(".")[0]


def find(wanted: str) -> Interpreter:
    """The Python of this machine whose version is `wanted` ("3.13"), or the nearest that works here.

    Nearest is the next newer one, else the next older. Raises InputError when there is none from 3.10 to 3.14.
    """
    candidates = _candidates()
    target = int(wanted.partition(".")[2])
    for minor in sorted(candidates, key=lambda minor: (minor < target, abs(minor - target))):
        for path in candidates[minor]:
            if (found := _probe(path)) and found.minor == f"3.{minor}":
                return found
    raise InputError(f"no Python {wanted} on this machine, and none from 3.10 to 3.14", hint=f"install Python {wanted}")


def installed_minors() -> list[str]:
    """The minor versions that are installed here, newest first."""
    candidates = _candidates()
    return [f"3.{minor}" for minor in sorted(candidates, reverse=True) if any(map(_probe, candidates[minor]))]


def _candidates() -> dict[int, list[Path]]:
    """Executables by minor version, in the order in which they are tried."""
    found: dict[int, list[Path]] = {sys.version_info[1]: [Path(sys.executable)]}
    for folder in _folders():
        for path in _listed(folder, "python3.*"):
            name = _EXECUTABLE.fullmatch(path.name)
            if name and int(name[1]) in SUPPORTED and os.access(path, os.X_OK):
                found.setdefault(int(name[1]), []).append(path)
    return found


def _folders() -> Iterator[Path]:
    """PATH, without pyenv's shims, which work only where one is selected; then pyenv's own versions and uv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or home_of() / ".pyenv")
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if folder and Path(folder) != pyenv / "shims":
            yield Path(folder)
    yield from reversed(_listed(pyenv, "versions/*/bin"))
    data = Path(os.environ.get("XDG_DATA_HOME") or home_of() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    yield from reversed(_listed(uv, "cpython-*/bin"))


def _listed(folder: Path, pattern: str) -> list[Path]:
    """What a folder has; nothing of one that may not be read, as PATH has them of another user after `su`."""
    try:
        return sorted(folder.glob(pattern))
    except OSError:
        return []


def _probe(path: Path) -> Interpreter | None:
    """What an executable says it is. It is started once, and again when it has changed: a deploy asks several times."""
    try:
        there = path.stat()
    except OSError:
        return None
    identity = path, there.st_dev, there.st_ino, there.st_mtime_ns
    if identity not in _answers and (answer := _ask(path)):
        _answers[identity] = answer
    return _answers.get(identity)


def _ask(path: Path) -> Interpreter | None:
    """The Python below an executable's virtual environment, or None if it doesn't run."""
    command = [str(path), "-I", "-S", "-c", _PROBE]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, check=True)
        base, version, implementation = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Interpreter(Path(base), ".".join(map(str, version))) if implementation == "cpython" else None
