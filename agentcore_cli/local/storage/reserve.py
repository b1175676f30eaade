"""The end of the disk: session storage and memories, all of them together, leave some of it to the machine.

Each storage has its 1 GB and each event its 10 MB, but nobody counts how many there are. So what is kept back is looked
at where more is about to be kept: a new storage and what is added to a memory are refused then, and of sessions that
write on, the greediest is ended (`storage.watch`). What reads and what deletes goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

KEPT_BACK: Final = 1024**3  # bytes; of a small disk, its SHARE
SHARE: Final = 0.05
_MEGABYTE: Final = 1024**2


class Disk(NamedTuple):
    """In bytes: what is free, and how large it is."""

    free: int
    whole: int


def look(folder: Path) -> Disk:
    """At the disk that a folder lies on."""
    found = os.statvfs(folder)
    return Disk(found.f_bfree * found.f_frsize, found.f_blocks * found.f_frsize)


class Reserve:
    """What is kept back of the disk of `folder`."""

    def __init__(self, folder: Path, look: Callable[[Path], Disk] = look) -> None:
        self._folder = folder
        self._look = look

    @property
    def free(self) -> int:
        """Bytes that nobody has."""
        return self._look(self._folder).free

    @property
    def refusal(self) -> str:
        """Why nothing more is kept there, or nothing."""
        disk = self._look(self._folder)
        kept_back = min(KEPT_BACK, disk.whole * SHARE)
        if disk.free >= kept_back:
            return ""
        left, wanted = disk.free // _MEGABYTE, int(kept_back) // _MEGABYTE
        return f"the disk of {self._folder} has {left:,} MB left, and {wanted:,} MB are kept back"
