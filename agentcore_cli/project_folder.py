"""`.agentcore`, the tool's own folder in a project, which may have come with somebody else's checkout.

It is a real folder, and what is in it are plain files: a link there would make us read, or overwrite, a file of the
user's that the checkout names. So everything is opened by its name in the open folder, and never through a link.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agentcore_cli.documents import SIZE_MAX
from agentcore_cli.errors import InputError

NAME: Final = ".agentcore"


def check(root: Path) -> None:
    """Raise InputError where `.agentcore`, or something in it, is a link or anything else than a file or folder."""
    try:
        with opened(root) as folder, os.scandir(folder) as entries:
            for entry in entries:
                _require_plain(entry.stat(follow_symlinks=False).st_mode, entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{NAME}: can't be read: {error.strerror}", hint=f"remove {root / NAME}") from None


@contextmanager
def opened(root: Path) -> Iterator[int]:
    """A descriptor of the folder. Raises InputError where it is a link or no folder, OSError when it isn't there."""
    mode = os.lstat(root / NAME).st_mode
    if not stat.S_ISDIR(mode):
        raise InputError(
            f"{NAME}: {_kind(mode)}, and a folder is expected; nothing in it was read", hint=f"remove {root / NAME}"
        )
    descriptor = os.open(root / NAME, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read(root: Path, name: str) -> bytes:
    """A file's content. Raises InputError for a link, OSError, and ValueError for one that is too large."""
    with opened(root) as folder:
        _require_plain(os.lstat(name, dir_fd=folder).st_mode, name)
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(SIZE_MAX + 1)
    if len(data) > SIZE_MAX:
        raise ValueError(f"larger than {SIZE_MAX // 1024**2} MB")
    return data


def vetted(root: Path, name: str) -> Path:
    """The path of a file, for a library that opens it by its path. Raises InputError for a link, and as `opened`."""
    with opened(root) as folder:
        for beside in (name, f"{name}-wal", f"{name}-shm", f"{name}-journal"):
            try:
                _require_plain(os.lstat(beside, dir_fd=folder).st_mode, beside)
            except FileNotFoundError:
                continue
    return root / NAME / name


def _require_plain(mode: int, name: str) -> None:
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(
            f"{NAME}/{name}: {_kind(mode)}, which is never followed or written to",
            hint=f"remove {NAME}/{name}",
        )


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a link"
    if stat.S_ISREG(mode):
        return "a file"
    return "a named pipe" if stat.S_ISFIFO(mode) else "a socket" if stat.S_ISSOCK(mode) else "a device"
