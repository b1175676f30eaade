"""The account that sessions have outside, where the server is root.

One for each home, never a person's: not the user behind `sudo`, whose files it could read, and not nobody, whom other
services share. Nothing on the machine belongs to it but what is handed over here: the unpacked code (overlayfs gives a
file to its owner's copy only) and the rooms of sessions. Its number comes from the home's path, so that a new server
finds its own again, and lies where no distribution and no container engine gives out numbers.
"""

from __future__ import annotations

import hashlib
import os
import pwd
from pathlib import Path
from typing import Final

from agentcore_cli.local.home import Home

_FIRST: Final = 1_879_048_192  # the end of systemd's range for containers
_COUNT: Final = 200_000_000
_WRITE: Final = 0o222


def number(home: Home) -> int:
    """User and group of the sessions of `home`."""
    digest = hashlib.sha256(str(home.root).encode()).digest()
    found = _FIRST + int.from_bytes(digest[:8], "big") % _COUNT
    while _is_taken(found):
        found += 1
    return found


def give(path: Path, owner: int | None) -> None:
    """Hand a file, folder or link over, unless there is nobody to hand it to."""
    if owner is not None:
        os.chown(path, owner, owner, follow_symlinks=False)


def give_tree(folder: Path, owner: int | None) -> None:
    """Hand a folder over with all that is in it; the folder last, so that a look at it tells whether all was done."""
    if owner is None or folder.lstat().st_uid == owner:
        return
    for parent, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            give(Path(parent, name), owner)
    give(folder, owner)


def protect_tree(folder: Path) -> None:
    """Make a folder read-only where no mount does: a module that writes while a parent imports it spoils no copy.

    It stops mistakes, not the owner; root's writes it does not stop.
    """
    if not folder.stat().st_mode & _WRITE:
        return
    for parent, _, files in os.walk(folder, topdown=False):
        for path in (*(Path(parent, name) for name in files), Path(parent)):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~_WRITE)


def let_in(folder: Path, owner: int | None) -> None:
    """Let `owner` see what is in a folder of the home, which itself lets nobody in; its files are for all to read."""
    if owner is not None:
        folder.chmod(folder.stat().st_mode | 0o055)


def _is_taken(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True
