"""Folders and files of this machine that an agent's local sessions see besides their own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from agentcore_cli.errors import InputError

# Where sessions have something of their own: a mount there, or around it, would take its place.
_TAKEN: Final = ("/dev", "/etc", "/home/agent", "/opt/agentcore", "/proc", "/run", "/sys", "/tmp", "/usr", "/var/task")  # noqa: S108


class StorageMount(NamedTuple):
    path: str
    writable: bool

    @property
    def access(self) -> str:
        return "writable" if self.writable else "read-only"


def check(mounts: Iterable[StorageMount]) -> None:
    """Raises InputError for one that is not there, or that would cover what sessions need."""
    for mount in mounts:
        if not Path(mount.path).exists():
            raise InputError(f"local.mounts: {mount.path}: there is no such file or folder")
        place = PurePosixPath(Path(mount.path).resolve())
        taken = [own for own in _TAKEN if place == PurePosixPath(own) or place in PurePosixPath(own).parents]
        if taken:
            raise InputError(
                f"local.mounts: {mount.path}: sessions have a {taken[0]} of their own", hint="name a folder in it"
            )
