"""Removing what a hostile hand may have left: folders nested without end, modes 000, names that are no text.

No path is ever longer than a name and no more than a few descriptors are open: what lies deep is moved up before it is
emptied. Nothing is followed, neither links nor `..`, not even a link that takes a folder's place meanwhile: a package
in a warm parent may still be at work in the folder of a session that has ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import secrets
import stat
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602  # <linux/fs.h>: FS_IOC_GETFLAGS, FS_IOC_SETFLAGS
_LOCKED: Final = 0x10 | 0x20  # FS_IMMUTABLE_FL, FS_APPEND_FL
_MOVED: Final = ".agentcore-removed-"


def remove_tree(folder: Path) -> None:
    """Remove a folder and all that is in it, if it is there; a link in its place goes, and not what it leads to.

    Raises OSError for what even its owner can't remove; the rest is gone then.
    """
    try:
        is_folder = stat.S_ISDIR(os.lstat(folder).st_mode)
    except FileNotFoundError:
        return
    if not is_folder:
        folder.unlink()
        return
    empty_tree(folder)
    folder.rmdir()


def empty_tree(folder: Path) -> None:
    """Remove all that is in a folder. Raises OSError as `remove_tree` does, and for a folder that is not there."""
    with _opened(folder) as top:
        emptying = _Emptying(top)
        emptying.run()
    if emptying.failures:
        raise emptying.failures[0]


class _Emptying:
    """Empties one folder: what is deep in it is moved up, and emptied there."""

    def __init__(self, top: int) -> None:
        self.failures: list[OSError] = []
        self._top = top
        self._names = (f"{_MOVED}{secrets.token_hex(8)}-{count}" for count in itertools.count())

    def run(self) -> None:
        waiting = self._clear(self._top)
        while waiting:
            name = waiting.pop()
            with self._noted(), _opened(name, self._top) as folder:
                waiting += [self._moved_up(inner, folder) for inner in self._clear(folder)]
            with self._noted():
                os.rmdir(name, dir_fd=self._top)

    def _clear(self, folder: int) -> list[str]:
        """Remove the files of a folder; gives the names of the folders in it."""
        folders = []
        for name in os.listdir(folder):
            with self._noted():
                if stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
                    folders.append(name)
                else:
                    _insist(os.unlink, name, folder)
        return folders

    def _moved_up(self, name: str, folder: int) -> str:
        moved = next(self._names)
        _let_in(name, folder)
        _insist(lambda name, dir_fd: os.rename(name, moved, src_dir_fd=dir_fd, dst_dir_fd=self._top), name, folder)
        return moved

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failures.append(error)


def _insist(change: Callable[..., None], name: str, folder: int) -> None:
    """Do it, and again without the marks that forbid it."""
    try:
        change(name, dir_fd=folder)
    except PermissionError:
        _unlock(name, folder)
        change(name, dir_fd=folder)


@contextlib.contextmanager
def _opened(path: str | Path, parent: int | None = None) -> Iterator[int]:
    """A folder that its owner may change, whatever was done to it."""
    _let_in(path, parent)
    descriptor = os.open(path, _FOLDER, dir_fd=parent)
    try:
        _unlock_open(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def _let_in(path: str | Path, parent: int | None) -> None:
    """Give its owner all rights to a folder, as far as that can be done; a link is let alone."""
    with contextlib.suppress(OSError):
        if sys.platform != "linux":
            os.chmod(path, 0o700, dir_fd=parent, follow_symlinks=False)
            return
        place = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            os.chmod(f"/proc/self/fd/{place}", 0o700)
        finally:
            os.close(place)


def _unlock(name: str, parent: int) -> None:
    """Take the marks from a file that forbid to change it."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except OSError:
        return
    try:
        _unlock_open(descriptor)
    finally:
        os.close(descriptor)


def _unlock_open(descriptor: int) -> None:
    """Only root can set and take these marks, and only some file systems of Linux have them."""
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        (flags,) = struct.unpack("L", fcntl.ioctl(descriptor, _GET_FLAGS, bytes(8)))
        if flags & _LOCKED:
            fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("L", flags & ~_LOCKED))
