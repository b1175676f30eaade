"""Which of the kernel's means of isolation this machine lets us use, found out by using them once."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import account
from agentcore_cli.local.sandbox.program import Level, Protection
from agentcore_cli.local.sandbox.walls import keeper, wall_settings
from agentcore_cli.local.sandbox.worker import places

PROBE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Isolation:
    """The means in use, and why they are not better.

    `namespaces`: as root, inside a user namespace, or none. `overlay`: the session's folder is a layer, not a copy.
    `forks`: a process that has imported may fork without executing anew (macOS's own libraries forbid it).
    `guards`: what each process of a session is guarded by besides (`worker/guards.py`), and what is refused.
    """

    namespaces: Literal["root", "user"] | None
    overlay: bool
    reason: str = ""
    forks: bool = True
    guards: tuple[Protection, ...] = ()

    @property
    def rooms_on_disk(self) -> bool:
        """Whether sessions write to their folders on the disk, not to file systems of their own (`worker/disk.py`)."""
        return not any(guard.name == "disk limit" and guard.active for guard in self.guards)

    @property
    def level(self) -> Level:
        return Level("namespaces" if self.namespaces else "process", self.reason, (*self._walls(), *self.guards))

    def _walls(self) -> tuple[Protection, ...]:
        """What namespaces give, or why they don't."""
        whole = self.namespaces is not None
        reason = "" if whole else self.reason
        layered = self.reason if whole and not self.overlay else reason
        return (
            Protection("file system of its own", whole, layered),
            Protection("account of its own", whole, reason),
            Protection("processes of its own", whole, reason),
        )


class Probed(NamedTuple):
    """`refusal` is what the kernel refused, or None."""

    refusal: str | None
    guards: tuple[Protection, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """The paths that sessions know; with namespaces the same for all of them."""

    app: str
    home: str
    temporary: str

    @classmethod
    def inside(cls, folder: Path) -> Places:
        return cls(str(folder / "app"), str(folder / "home"), str(folder / "tmp"))


SHARED = Places(places.APP, places.HOME, "/tmp")  # noqa: S108


def detect(home: Home) -> Isolation:
    """Try the strongest isolation first. Takes some 200 ms; the reason of the first refusal is kept."""
    if sys.platform != "linux":
        return _without_namespaces(f"{sys.platform} has no namespaces", forks=False)
    kinds: tuple[Literal["root", "user"], ...] = ("root", "user") if os.geteuid() == 0 else ("user",)
    refusals = []
    for kind in kinds:
        layered = Isolation(kind, overlay=True)
        probed = _try(home, layered)
        if probed.refusal is None:
            return replace(layered, guards=probed.guards)
        refusals.append(probed.refusal)
        copied = Isolation(kind, overlay=False, reason=f"folders are copied: {probed.refusal}")
        probed = _try(home, copied)
        if probed.refusal is None:
            return replace(copied, guards=probed.guards)
    return _without_namespaces(refusals[0])


def _without_namespaces(reason: str, *, forks: bool = True) -> Isolation:
    return Isolation(
        None,
        overlay=False,
        reason=reason,
        forks=forks,
        guards=_probe("guards", {"namespaces": None, "guards": []}).guards,
    )


def _try(home: Home, isolation: Isolation) -> Probed:
    """Build all of it once."""
    folder = home.sessions / f"probe-{os.getpid()}"
    session = folder / "sessions" / "probe"
    owner = account.number(home) if isolation.namespaces == "root" else None
    (folder / "code").mkdir(parents=True, exist_ok=True)
    rooms = [session / name for name in ("app", "work", "home", "tmp")]
    for room in rooms:
        room.mkdir(parents=True, exist_ok=True)
    walls = wall_settings(home, isolation, Path(sys.executable), folder / "code", folder / "sessions")
    settings = {"overlay": isolation.overlay, "key": session.name, "guards": []}
    try:
        if refusal := _refused_to_give(rooms, owner):
            return Probed(refusal)
        return _probe("probe", walls | settings)
    finally:
        if (work := session / "work" / "work").is_dir():
            work.chmod(0o700)  # overlayfs leaves it without any permission
        shutil.rmtree(folder)


def _refused_to_give(rooms: Iterable[Path], owner: int | None) -> str | None:
    """Root of a user namespace has no other users to give a file to, unless they were mapped into it."""
    try:
        for room in rooms:
            account.give(room, owner)
    except OSError as error:
        return f"no account of the sessions' own: chown: {error.strerror}"
    return None


def _probe(role: str, settings: dict[str, Any]) -> Probed:
    """Let a worker try, in the role that its command line knows (`worker/__main__.py`)."""
    answer = ""
    with contextlib.suppress(TimeoutError), keeper(role, settings, PROBE_SECONDS) as connection:
        answer = connection.makefile().readline()
    if not answer:
        return Probed("the attempt ended without an answer")
    told = json.loads(answer)
    guards = [Protection(guard["name"], not guard["reason"], guard["reason"]) for guard in told.get("guards", ())]
    return Probed(told["error"], tuple(guards))
