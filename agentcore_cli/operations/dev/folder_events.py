"""Being woken when something in a folder changes: by Linux's inotify, which costs nothing until then (inotify(7)).

What has changed is for others to say, who would else have to look again and again whether there is anything to say.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

# Written, its attributes, written and closed, moved away, moved here, made, deleted; the folder itself deleted, moved.
_CHANGES: Final = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800
_READ: Final = 65536  # bytes


class FolderEvents:
    """Those of some folders. Raises OSError where there is no such thing, or no more of it to be had."""

    def __init__(self, folders: Iterable[Path]) -> None:
        if sys.platform != "linux":
            raise OSError("only Linux has inotify")
        library = ctypes.CDLL(None, use_errno=True)
        self._descriptor = _done(library.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK))
        try:
            for folder in folders:
                _done(library.inotify_add_watch(self._descriptor, os.fsencode(folder), _CHANGES))
        except OSError:
            self.close()
            raise

    def wait(self, seconds: float) -> bool:
        """Whether there was a change since the last one, or is one within so many seconds."""
        there = bool(select.select([self._descriptor], [], [], seconds)[0])
        with contextlib.suppress(BlockingIOError):
            while there and os.read(self._descriptor, _READ):
                pass
        return there

    def close(self) -> None:
        os.close(self._descriptor)


def _done(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
