"""The folder of each session, and the Unix socket that leads to its agent: made, removed, swept after a crash."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import stat
from pathlib import Path

from agentcore_cli.local.home import Home

ADDRESS_MAX = 100  # bytes; a Unix socket's path holds 108 on Linux, 104 on macOS
BACKLOG = 4096
_FICLONE = 0x40049409  # <linux/fs.h>: share the blocks of a file, copy on write


class Folders:
    """Makes and removes what sessions have on disk."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._sockets = os.open(home.sockets, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def create(self, key: str) -> Path:
        """The session's folder with its rooms: `app` (the layer over the code), `work`, `home`, `tmp`."""
        folder = self._home.sessions / key
        folder.mkdir(mode=0o755)
        for name in ("app", "work", "home", "tmp"):
            (folder / name).mkdir(mode=0o755)
        (folder / "tmp").chmod(0o1777)
        return folder

    def remove(self, key: str) -> None:
        """Remove folder and socket, whatever the agent did to them. Blocking: call it in a thread."""
        (self._home.sockets / f"{key}.sock").unlink(missing_ok=True)
        remove_tree(self._home.sessions / key)

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
        """Remove what an earlier server left behind."""
        for folder in self._home.sessions.iterdir():
            remove_tree(folder)
        for path in self._home.sockets.glob("*.sock"):
            path.unlink(missing_ok=True)

    def close(self) -> None:
        os.close(self._sockets)


def remove_tree(folder: Path) -> None:
    """Remove a folder in which an agent may have taken every permission from itself."""
    if not folder.exists():
        return
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
                os.chmod(path, 0o700)
    shutil.rmtree(folder)


def copy_tree(source: Path, target: Path) -> None:
    """Fill `target` with a copy of `source` that the session may write to, sharing blocks where the disk can."""
    shutil.copytree(source, target, symlinks=True, copy_function=_copy_file, dirs_exist_ok=True)
    for parent, _, names in os.walk(target):
        for path in (parent, *(os.path.join(parent, name) for name in names)):
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
