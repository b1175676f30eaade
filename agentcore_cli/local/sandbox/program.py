"""What a sandbox is asked to run, and what it says about it: the words that it shares with its callers."""

from __future__ import annotations

import os
import signal
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from agentcore_cli.contract import INITIALIZATION_SECONDS, SESSION_CPUS, SESSION_MEMORY
from agentcore_cli.errors import AgentcoreError


class SandboxError(AgentcoreError):
    """A session could not be started: the machine refused something, or the interpreter does not run."""

    code = "SandboxFailed"


class BindMount(NamedTuple):
    """A folder or file of the machine that sessions see at its own path."""

    path: str
    writable: bool


class Storage(NamedTuple):
    """What outlives a session, for the next one of its id."""

    source: Path
    """A file system in a file, or a folder."""
    is_image: bool
    place: str
    """Where the session sees it: `/mnt/…`."""


class StorageMeans(NamedTuple):
    """How storage is kept here. `reason`: why not as images, whose size holds whatever is written."""

    is_image: bool
    mounted: Literal["serving", "starting", "never"]
    """When it comes to its place: when the agent serves, with the session, or not at all; then a variable tells."""
    owner: int | None
    """The account that it belongs to; None: the server's own."""
    is_anybodys: bool = False
    """Whoever has it may write to it: the accounts in a container are its own affair."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """One immutable runtime version, ready to run."""

    key: str
    """Unique per runtime version: `<runtime id>/<version>`."""
    interpreter: Path
    """The agent's own Python: a venv's `bin/python`, or a plain one."""
    code: Path
    """The unpacked snapshot; never written to."""
    start: tuple[str, ...]
    """argv after the interpreter: `("handler.py",)` or `("-m", "uvicorn", "handler:app", …)`."""
    environment: Mapping[str, str]
    """The runtime's variables; no credentials."""
    port: int
    """Where its server listens: 8080, 8000 or 9000."""
    readable: tuple[Path, ...] = ()
    """Folders inside the local runtime's home that must stay visible, read-only: the environment."""
    mounts: tuple[BindMount, ...] = ()
    """What its user wants to be seen besides."""

    storage: str | None = None
    """Where its sessions see their storage, if they have any."""

    path: tuple[str, ...] = ()
    """Folders of the code, relative to it, that imports start from after the program's own."""

    data: str = ""
    """Tells the snapshot's files apart that are not Python's: a package may read some when it is imported."""

    @property
    def kin(self) -> Hashable:
        """What two programs must have in common so that sessions of both may come from one parent: all but the Python
        files of the code, which is a snapshot of the same runtime.
        """
        return (
            *(self.key.rpartition("/")[0], self.code.parent, self.interpreter, self.start, self.port, self.readable),
            *(self.mounts, self.storage, self.path, self.data, frozenset(self.environment.items())),
        )

    @property
    def python_path(self) -> list[str]:
        """What PYTHONPATH is in a session, before it is known where the session has the code."""
        said = self.environment.get("PYTHONPATH", "").split(os.pathsep)
        return list(dict.fromkeys([*filter(None, said), *self.path]))

    @property
    def initialization_seconds(self) -> int:
        """How long it may take until its first good ping."""
        return INITIALIZATION_SECONDS


class Limits(NamedTuple):
    """What one session may use."""

    memory: int = SESSION_MEMORY
    """Bytes."""
    cpus: int = SESSION_CPUS


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """What one session has of its own."""

    key: str
    """Short, unique per start, safe as a file name."""
    environment: Mapping[str, str]
    """Extra variables, such as the deployer's AWS_*: never on disk, never in a command line."""
    log: Path
    """The file for stdout and stderr; made by the sandbox."""
    storage: Storage | None = None
    memory: int = SESSION_MEMORY
    """Bytes."""
    cpus: int = SESSION_CPUS

    @property
    def limits(self) -> Limits:
        """Memory and processors together."""
        return Limits(self.memory, self.cpus)


@dataclass(frozen=True, slots=True)
class Exit:
    """How a session's agent ended: `code` or `signal`; neither when its end was not seen."""

    code: int | None
    signal: int | None
    out_of_memory: bool = False

    def describe(self) -> str:
        """`exited with status 1`, `was killed by SIGKILL (out of memory)`."""
        if self.signal is not None:
            try:
                name = signal.Signals(self.signal).name
            except ValueError:
                name = f"signal {self.signal}"
            return f"was killed by {name}" + (" (out of memory)" if self.out_of_memory else "")
        return "was killed" if self.code is None else f"exited with status {self.code}"


@dataclass(frozen=True, slots=True)
class Protection:
    """One wall around a session: whether this machine lets us build it, found out by building it once."""

    name: str
    """In a person's words: `system calls`, `disk limit`."""
    active: bool
    reason: str = ""
    """Why it is not active, or what is less about it than could be."""


@dataclass(frozen=True, slots=True)
class Level:
    """How well sessions are kept apart on this machine; `reason` says why not better, or is empty."""

    name: Literal["namespaces", "process", "container"]
    reason: str
    protections: tuple[Protection, ...] = ()
    """What the level is made of here; none are told of containers, which their engine protects."""
