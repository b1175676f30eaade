"""The folder of each session, and the Unix socket that leads to its agent: made, removed, swept after a crash."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import secrets
import shutil
import socket
import stat
import threading
from pathlib import Path

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import account
from agentcore_cli.local.sandbox.trees import remove_tree

ADDRESS_MAX = 100  # bytes; a Unix socket's path holds 108 on Linux, 104 on macOS
BACKLOG = 4096
_log = logging.getLogger(__name__)

_FICLONE = 0x40049409  # <linux/fs.h>: share the blocks of a file, copy on write


class Folders:
    """Makes and removes what sessions have on disk."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._sockets = os.open(home.sockets, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def of_program(self, key: str) -> Path:
        """Where the sessions of a program have their folders: its parents see this one, and no other's."""
        folder = self._home.sessions / hashlib.sha256(key.encode()).hexdigest()[:16]
        folder.mkdir(mode=0o755, exist_ok=True)
        return folder

    def create(self, program: str, key: str, owner: int | None) -> Path:
        """The session's folder with its rooms: `app` (the layer over the code), `work`, `home`, `tmp`."""
        folder = self.of_program(program) / key
        folder.mkdir(mode=0o755)
        for name in ("app", "work", "home", "tmp"):
            (folder / name).mkdir(mode=0o755)
            account.give(folder / name, owner)
        (folder / "tmp").chmod(0o1777)
        return folder

    def remove(self, program: str, key: str) -> None:
        """Remove folder and socket, whatever the agent did to them. Blocking: call it in a thread."""
        (self._home.sockets / f"{key}.sock").unlink(missing_ok=True)
        remove_tree(self.of_program(program) / key)

    def listen(self, key: str) -> tuple[socket.socket, str]:
        """The listening socket of a session and the address that leads to it, for this process."""
        path = str(self._home.sockets / f"{key}.sock")
        if len(os.fsencode(path)) > ADDRESS_MAX:
            path = f"/proc/self/fd/{self._sockets}/{key}.sock"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(path)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener, path

    def sweep(self) -> None:
        """Remove what an earlier server left behind. Folders go in a thread: an agent may have made a million files."""
        for path in self._home.sockets.glob("*.sock"):
            path.unlink(missing_ok=True)
        left = [_set_aside(folder) for folder in self._home.sessions.iterdir()]
        if left:
            threading.Thread(target=_remove_all, args=(left,), name="sweep", daemon=True).start()

    def close(self) -> None:
        """Let go; what is empty by now is removed."""
        for folder in self._home.sessions.iterdir():
            with contextlib.suppress(OSError):
                folder.rmdir()
        os.close(self._sockets)


def _set_aside(folder: Path) -> Path:
    """Where a folder is from now on, so that nobody who wants its name has to wait until it is gone."""
    aside = folder.with_name(f".swept-{secrets.token_hex(8)}")
    try:
        return folder.rename(aside)
    except OSError:
        _log.exception("%s could not be set aside", folder)
        return folder


def _remove_all(folders: list[Path]) -> None:
    for folder in folders:
        try:
            remove_tree(folder)
        except OSError:
            _log.exception("%s could not be removed", folder)


def copy_tree(source: Path, target: Path, owner: int | None) -> None:
    """Fill `target` with a copy of `source` that `owner` may write to, sharing blocks where the disk can."""
    shutil.copytree(source, target, symlinks=True, copy_function=_copy_file, dirs_exist_ok=True)
    for parent, _, names in os.walk(target):
        for path in (parent, *(os.path.join(parent, name) for name in names)):
            account.give(Path(path), owner)
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode | stat.S_IWUSR)


def _copy_file(source: str, target: str) -> str:
    if not _clone_file(source, target):
        shutil.copyfile(source, target)
    shutil.copystat(source, target)
    return target


def _clone_file(source: str, target: str) -> bool:
    with open(source, "rb") as original, open(target, "wb") as copy:
        try:
            fcntl.ioctl(copy, _FICLONE, original.fileno())
        except OSError:  # another file system, or one that can't
            return False
    return True
