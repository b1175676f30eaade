"""Installed packages that all local runtimes of a user share: which are in use, and which may go.

Beside an environment `<hash>` lies `.<hash>.used`: its time is when the environment was last used, its text the size in
bytes. A server holds a shared lock on it for as long as sessions may run in the environment, and the kernel drops that
with the server. What nobody holds goes when it was not used for a month, and the oldest when all are too large.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

KEPT_SECONDS: Final = 30 * 86_400.0
KEPT_BYTES: Final = 20 * 1024**3
_LATELY_SECONDS: Final = 3_600.0  # what was used since then stays, however large all are


def note_use(environment: Path) -> None:
    """It is used now."""
    with contextlib.suppress(OSError):
        _mark(environment).touch(mode=0o600)


def note_made(environment: Path) -> None:
    """It is whole, and used now."""
    size = sum(path.lstat().st_size for path in environment.rglob("*"))
    with contextlib.suppress(OSError):
        _mark(environment).write_text(str(size))


def hold(environment: Path) -> int | None:
    """A descriptor that keeps it there until it is closed; None where that can't be."""
    try:
        descriptor = os.open(_mark(environment), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return None
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def prune(folder: Path, *, now: float | None = None, most: int = KEPT_BYTES) -> None:
    """Remove from `folder` what is old, and what is too much. Nobody may be installing or deploying meanwhile."""
    at = time.time() if now is None else now
    known = sorted(_known(folder), key=lambda each: each.used)
    total = sum(each.size for each in known)
    for each in known:
        age = at - each.used
        if (age > KEPT_SECONDS or (total > most and age > _LATELY_SECONDS)) and _remove(each.path):
            total -= each.size


class _Known(NamedTuple):
    path: Path
    used: float
    size: int


def _known(folder: Path) -> Iterator[_Known]:
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith("."):
            mark = _mark(path)
            try:
                yield _Known(path, mark.stat().st_mtime, int(mark.read_text() or 0))
            except (OSError, ValueError):  # older versions left no mark
                yield _Known(path, path.stat().st_mtime, 0)


def _remove(environment: Path) -> bool:
    """Whether it is gone: one that a server holds stays."""
    descriptor = hold(environment)
    if descriptor is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(environment, ignore_errors=True)
        _mark(environment).unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _mark(environment: Path) -> Path:
    return environment.parent / f".{environment.name}.used"
