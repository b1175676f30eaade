"""Files written whole or not at all, and locks that die with their holder."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from agentcore_cli.errors import AgentcoreError, ConflictError, InputError

_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.ENOENT, errno.ENOTDIR, errno.EISDIR)


def write_atomically(path: Path, data: bytes | str, *, mode: int = 0o644, durable: bool = True) -> None:
    """Replace `path` by `data` so that a reader sees the old or the new content, never a part.

    The data is on disk before the name points to it; with `durable` false that may come later, and a power cut leave
    what can't be read. Raises AgentcoreError when the disk is full, or the folder may not
    be written to.
    """
    with _told_when_unwritable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with replaced(path, mode=mode, durable=durable) as file:
        file.write(data.encode() if isinstance(data, str) else data)


@contextmanager
def replaced(path: Path, *, mode: int = 0o644, durable: bool = False) -> Iterator[IO[bytes]]:
    """A file to write to; it becomes `path` when the block ends well, and goes away when it doesn't.

    With `durable` it is on disk before the name points to it. Raises AgentcoreError when the disk is full, or the
    folder is not there or may not be written to.
    """
    with _told_when_unwritable(path):
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


@contextmanager
def told_when_full(path: Path) -> Iterator[None]:
    """Turn the OSError of a full disk into an AgentcoreError that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_space(path) from error
        raise


@contextmanager
def _told_when_unwritable(path: Path) -> Iterator[None]:
    """Turn the OSError of a place that may not be written to into an AgentcoreError; a full disk is told as one."""
    try:
        with told_when_full(path):
            yield
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        hint = "give yourself the permission to write there"
        raise AgentcoreError(f"{path}: can't be written: {error.strerror}", hint=hint) from error


@contextmanager
def told_when_unusable(path: Path, *, hint: str) -> Iterator[None]:
    """Turn an OSError into an InputError that names `path`, a folder to be made; a full disk is told as one."""
    try:
        with told_when_full(path):
            yield
    except OSError as error:
        raise InputError(f"{path}: can't be used: {error.strerror}", hint=hint) from error


def no_space(path: Path) -> AgentcoreError:
    """The error for a full disk; nothing that was there before is lost."""
    return AgentcoreError(f"{path}: no space left on the device", hint="free some space and run the same command again")


@contextmanager
def lock(path: Path, *, purpose: str, wait: bool = False) -> Iterator[None]:
    """Hold an exclusive lock on `path` (created if absent). The kernel drops it when the holder dies, kill -9 included.

    Raises ConflictError when another process holds it and `wait` is false, AgentcoreError when it may not be written.
    """
    with _told_when_unwritable(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 64, 0).decode(errors="replace").strip()
            raise ConflictError(
                f"another {purpose} is under way" + (f" (process {holder})" if holder else ""),
                hint="wait for it to end, then run this again",
            ) from None
        with told_when_full(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def templates() -> Path:
    """`templates` in an installed package, or beside the package in a checkout."""
    package = Path(__file__).parent
    shipped = package / "templates"
    return shipped if shipped.is_dir() else package.parent / "templates"
