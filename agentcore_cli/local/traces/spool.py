"""Calls that were traced while the process that keeps them did not run: a file, which it takes over when it starts.

So a server whose agents export nothing, and whose traces nobody reads, needs no second process for them.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

SIZE_MAX: Final = 4_194_304  # bytes, at which it is time to start the process
_LENGTH: Final = struct.Struct("!I")


class Spool:
    """Beside the database of the traces. The server writes to it only while there is no process that reads it."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_suffix(".calls")

    def write(self, call: bytes) -> bool:
        """Append a call; whether the file is large by now. Raises OSError."""
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, _LENGTH.pack(len(call)) + call)
            return os.lseek(file, 0, os.SEEK_END) > SIZE_MAX
        finally:
            os.close(file)

    def hand_over(self, take: Callable[[Sequence[bytes]], None]) -> None:
        """Have its calls taken, and begin anew. What `take` raises leaves it as it is."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        calls, at = [], 0
        while at + _LENGTH.size <= len(content):
            end = at + _LENGTH.size + _LENGTH.unpack_from(content, at)[0]
            if end > len(content):  # cut off by a full disk, or a kill
                break
            calls.append(content[at + _LENGTH.size : end])
            at = end
        take(calls)
        self._path.unlink(missing_ok=True)
