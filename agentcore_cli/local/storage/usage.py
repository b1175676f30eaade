"""How much a folder holds, whatever a hostile hand made of it: nothing is followed or opened but folders, and those
from the one above by its descriptor, so that no link and no renaming leads out.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

BYTES_MAX: Final = 1024**3
FILES_MAX: Final = 200_000  # bedrock-agentcore-limits: 100,000 to 200,000
DEPTH_MAX: Final = 200  # the same
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BLOCK: Final = 512  # bytes, of st_blocks


class Usage(NamedTuple):
    """`excess` says in what it is over the service's limits, or nothing; then the rest was not counted."""

    bytes: int
    files: int
    excess: str = ""


def measure(folder: Path, bytes_max: int = BYTES_MAX) -> Usage:
    """Walk a folder. Blocking; it stops where a limit is passed. Raises OSError when the folder itself is not there."""
    walk = _Walk(bytes_max)
    descriptor = os.open(folder, _FOLDER)
    try:
        walk.through(descriptor, 1)
    finally:
        os.close(descriptor)
    return Usage(walk.bytes, walk.files, walk.excess)


class _Walk:
    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.bytes = 0
        self.files = 0
        self.excess = ""

    def through(self, folder: int, depth: int) -> None:
        if depth > DEPTH_MAX:
            self.excess = f"folders deeper than {DEPTH_MAX}"
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                self._count(folder, os.fsencode(entry.name), depth)
                if self.excess:
                    return

    def _count(self, folder: int, name: bytes, depth: int) -> None:
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:  # it has gone meanwhile
            return
        self.files += 1
        self.bytes += found.st_blocks * _BLOCK
        if self.bytes > self._bytes_max:
            self.excess = f"more than {self._bytes_max / BYTES_MAX:.3g} GB"
        elif self.files > FILES_MAX:
            self.excess = f"more than {FILES_MAX:,} files"
        elif stat.S_ISDIR(found.st_mode):
            self._descend(folder, name, depth)

    def _descend(self, folder: int, name: bytes, depth: int) -> None:
        try:
            descriptor = os.open(name, _FOLDER, dir_fd=folder)
        except PermissionError:  # there might be anything in it
            self.excess = "a folder that can't be looked into"
            return
        except OSError:
            return
        try:
            self.through(descriptor, depth + 1)
        finally:
            os.close(descriptor)
