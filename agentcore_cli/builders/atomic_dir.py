"""Folders that are whole or not there: filled under another name beside their place, then renamed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from agentcore_cli import files

_PARTIAL: Final = ".partial-"
_MODE: Final = (
    0o755  # what is in it is run by the account of sessions, too; who may enter is up to the folder around it
)


@contextmanager
def filled(place: Path) -> Iterator[Path]:
    """An empty folder to fill; it becomes `place` when the block ends well, and goes away when it doesn't.

    Two at once do the same work, and the first one's is kept. What processes that died left behind is cleared away.
    Raises AgentcoreError for a full disk.
    """
    with files.told_when_full(place.parent):
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place.parent)
        partial = Path(tempfile.mkdtemp(dir=place.parent, prefix=f"{_PARTIAL}{os.getpid()}-"))
        partial.chmod(_MODE)
        try:
            yield partial
            _put_in_place(partial, place)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _put_in_place(partial: Path, place: Path) -> None:
    try:
        partial.rename(place)
    except OSError:
        if not place.is_dir():
            raise  # not because another process was first


def _remove_abandoned(folder: Path) -> None:
    for path in folder.glob(f"{_PARTIAL}*"):
        if not _is_alive(int(path.name.removeprefix(_PARTIAL).partition("-")[0])):
            shutil.rmtree(path, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    """Whether there is such a process, on systems without /proc as well."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True
