"""Limits of memory, processor time and processes, one control group per session where we may make them.

Version 1 (a hierarchy per controller) and version 2 (one for all). Groups are made below the one that the server runs
in, named after the home, so that those of a killed server are found again and removed.
"""

from __future__ import annotations

import hashlib
import os
import signal
import time
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from agentcore_cli.files import write_atomically
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.program import Protection

PROCESSES_MAX = 4096
CPU_PERIOD = 100_000  # microseconds
REMOVE_SECONDS = 2.0

_ROOT = Path("/sys/fs/cgroup")
_PROCS = "cgroup.procs"


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Where groups can be made: the folder above them, and the controllers that count there."""

    folder: Path
    controllers: frozenset[str]
    version: int


class Group:
    """The control group of one session: one folder per hierarchy."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders

    @property
    def limits_memory(self) -> bool:
        return "memory" in self._folders

    def open(self) -> list[int]:
        """Descriptors: who writes `0` to each of them moves into the group. The caller closes them."""
        return [os.open(folder / _PROCS, os.O_WRONLY | os.O_CLOEXEC) for folder in self._distinct()]

    def out_of_memory(self) -> bool:
        """Whether the kernel killed a process of the group for want of memory."""
        if not self.limits_memory:
            return False
        folder = self._folders["memory"]
        events = folder / "memory.events"
        text = (events if events.exists() else folder / "memory.oom_control").read_text()
        return any(line.startswith("oom_kill ") and not line.endswith(" 0") for line in text.splitlines())

    def remove(self) -> None:
        """Remove the groups, with whatever has escaped until now. Blocking: call it in a thread."""
        for folder in self._distinct():
            _kill(folder)
            _remove(folder)

    def _distinct(self) -> list[Path]:
        return sorted(set(self._folders.values()))


class Cgroups:
    """Makes groups for the sessions of one home. Without any writable hierarchy its groups are empty."""

    def __init__(self, home: Home, hierarchies: list[Hierarchy] | None = None) -> None:
        self._name = f"agentcore-{hashlib.sha256(str(home.root).encode()).hexdigest()[:12]}"
        self._hierarchies = [
            hierarchy for hierarchy in (find() if hierarchies is None else hierarchies) if self._usable(hierarchy)
        ]
        self._record = home.root / "control-groups"

    def create(self, key: str, memory: int, cpus: int) -> Group:
        """The group of session `key`, with `memory` bytes and `cpus` processors."""
        for hierarchy in self._hierarchies:
            limits = _limits(hierarchy, memory, cpus)
            if limits:
                self._folder(hierarchy, key).mkdir()
            for file, value in limits.items():
                (self._folder(hierarchy, key) / file).write_text(value)
        return self.group(key)

    def protections(self) -> tuple[Protection, ...]:
        """What is limited here, and how far."""
        counted = frozenset(chain.from_iterable(hierarchy.controllers for hierarchy in self._hierarchies))
        names = {"memory limit": "memory", "processor limit": "cpu", "process limit": "pids"}
        missing = "no control group to be had"
        return tuple(
            Protection(name, controller in counted, "" if controller in counted else missing)
            for name, controller in names.items()
        )

    def group(self, key: str) -> Group:
        """The group of session `key` as far as it exists."""
        return Group(
            {
                controller: self._folder(hierarchy, key)
                for hierarchy in self._hierarchies
                for controller in hierarchy.controllers
                if self._folder(hierarchy, key).is_dir()
            }
        )

    def sweep(self) -> None:
        """End and remove what an earlier server left behind, which may have run in other groups than this one."""
        own = [str(hierarchy.folder / self._name) for hierarchy in self._hierarchies]
        earlier = self._record.read_text().splitlines() if self._record.exists() else []
        for folder in {*own, *earlier}:
            for group in Path(folder).glob("*/"):
                _kill(group)
                _remove(group)
            if folder not in own:
                _remove(Path(folder))
        write_atomically(self._record, "".join(f"{folder}\n" for folder in own), mode=0o600)

    def close(self) -> None:
        for hierarchy in self._hierarchies:
            _remove(hierarchy.folder / self._name)

    def _folder(self, hierarchy: Hierarchy, key: str) -> Path:
        return hierarchy.folder / self._name / key

    def _usable(self, hierarchy: Hierarchy) -> bool:
        """Make our folder in the hierarchy, for real; what is refused is not used."""
        folder = hierarchy.folder / self._name
        try:
            folder.mkdir(exist_ok=True)
            if hierarchy.version == 2:
                enabled = " ".join(f"+{controller}" for controller in sorted(hierarchy.controllers))
                (folder / "cgroup.subtree_control").write_text(enabled)
        except OSError:
            if folder.is_dir():
                _remove(folder)
            return False
        return os.access(folder / _PROCS, os.W_OK)


def find(root: Path = _ROOT, own: Path = Path("/proc/self/cgroup")) -> list[Hierarchy]:
    """The hierarchies of this machine that have a controller we use; none where there are no control groups."""
    found = []
    for line in own.read_text().splitlines() if own.exists() else ():
        _, names, path = line.split(":", 2)
        relative = path.lstrip("/")
        if not names:
            found += _unified(root, relative)
        for name in set(names.split(",")) & {"memory", "cpu", "pids"}:
            if (root / name / relative).is_dir():
                found.append(Hierarchy(root / name / relative, frozenset({name}), 1))
    return found


def _unified(root: Path, relative: str) -> list[Hierarchy]:
    """Version 2: a group that holds processes can't hand controllers down, so the nearest above ours that does."""
    folder = root / relative
    while folder != root.parent:
        control = folder / "cgroup.subtree_control"
        if control.is_file():
            handed_down = frozenset(control.read_text().split()) & {"memory", "cpu", "pids"}
            if "memory" in handed_down and os.access(folder, os.W_OK):
                return [Hierarchy(folder, handed_down, 2)]
        folder = folder.parent
    return []


def _limits(hierarchy: Hierarchy, memory: int, cpus: int) -> dict[str, str]:
    """File name and content of each limit that the hierarchy can hold."""
    limits: dict[str, str] = {}
    if "memory" in hierarchy.controllers:
        limits["memory.max" if hierarchy.version == 2 else "memory.limit_in_bytes"] = str(memory)
    if "pids" in hierarchy.controllers:
        limits["pids.max"] = str(PROCESSES_MAX)
    if "cpu" in hierarchy.controllers and (os.cpu_count() or 1) > cpus:
        quota = str(cpus * CPU_PERIOD)
        if hierarchy.version == 2:
            limits["cpu.max"] = f"{quota} {CPU_PERIOD}"
        else:
            limits |= {"cpu.cfs_period_us": str(CPU_PERIOD), "cpu.cfs_quota_us": quota}
    return limits


def _kill(folder: Path) -> None:
    for pid in (folder / _PROCS).read_text().split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            continue


def _remove(folder: Path) -> None:
    deadline = time.monotonic() + REMOVE_SECONDS
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:  # still busy with processes that are ending
            if time.monotonic() > deadline:
                return
            time.sleep(0.01)
        else:
            return
