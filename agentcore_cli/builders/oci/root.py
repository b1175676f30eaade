"""The folders of an image, with their owners and modes, as its layers add up to them; and the names in its passwd.

A layer that we add holds the folders above its files, and what it says of them counts: /tmp must stay writable to all,
and where /bin is a link a file is put behind it.
"""

from __future__ import annotations

import gzip
import posixpath
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, cast

from agentcore_cli.builders.images.context import Folder
from agentcore_cli.builders.oci import zstd
from agentcore_cli.errors import InputError

_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"
_ACCOUNTS: Final = ("etc/passwd", "etc/group")
_ACCOUNTS_MAX: Final = 1024 * 1024
_LINKS_MAX: Final = 40
_GZIP: Final = b"\x1f\x8b"
_UNREADABLE: Final = (tarfile.TarError, OSError, EOFError, zlib.error, InputError)
_OTHERWISE: Final = "take a base image whose layers are compressed with gzip, or --build docker"


@dataclass(slots=True)
class BaseRoot:
    """Paths are without a slash in front. `size` is that of all files, those that a later layer hides included."""

    folders: dict[str, Folder] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    size: int = 0

    @classmethod
    def of_layers(cls, layers: Iterable[tuple[str, Path]]) -> BaseRoot:
        """By their names and files, the lowest first. Raises InputError for one that can't be read here."""
        root = cls()
        for name, path in layers:
            try:
                with _opened(path) as file, tarfile.open(fileobj=file, mode="r|", errorlevel=1) as tar:
                    for member in tar:
                        root._take(tar, member)
                        tar.members.clear()  # type: ignore[attr-defined]  # it would keep them all
            except _UNREADABLE + zstd.errors() as error:
                raise InputError(
                    f"the base image's layer {name[:19]} can't be read here: {error}",
                    hint=getattr(error, "hint", None) or _OTHERWISE,
                ) from error
        return root

    @classmethod
    def of_note(cls, note: Mapping[str, Any]) -> BaseRoot:
        folders = {path: Folder(*values) for path, values in note["folders"].items()}
        return cls(folders, note["links"], note["accounts"], note["size"])

    def note(self) -> dict[str, Any]:
        return {"folders": self.folders, "links": self.links, "accounts": self.accounts, "size": self.size}

    def place(self, path: str) -> str:
        """Where a path leads, every link of the image followed; without a slash in front."""
        done, left = "", [part for part in posixpath.normpath(f"/{path}").split("/") if part]
        for _ in range(_LINKS_MAX + len(left)):
            if not left:
                return done
            at = f"{done}/{left.pop(0)}".lstrip("/")
            if (target := self.links.get(at)) is None:
                done = at
                continue
            whole = target if target.startswith("/") else f"/{posixpath.dirname(at)}/{target}"
            left = [part for part in posixpath.normpath(whole).split("/") if part] + left
            done = ""
        raise InputError(f"/{path}: links without an end in the base image")

    def number(self, name: str, of: str) -> int | None:
        """That of a user (`of` is `etc/passwd`) or group (`etc/group`); None for a name that is not there."""
        for line in self.accounts.get(of, "").splitlines():
            fields = line.split(":")
            if fields[0] == name and len(fields) > 2 and fields[2].isdecimal():
                return int(fields[2])
        return None

    def group_of(self, user: int) -> int | None:
        """The first group of a user by number."""
        for line in self.accounts.get("etc/passwd", "").splitlines():
            fields = line.split(":")
            if len(fields) > 3 and fields[2] == str(user) and fields[3].isdecimal():
                return int(fields[3])
        return None

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        path = posixpath.normpath(f"/{member.name}").lstrip("/")
        above, name = posixpath.split(path)
        if name == _OPAQUE:
            self._remove_below(above)
            return
        if name.startswith(_WHITEOUT):
            gone = posixpath.join(above, name.removeprefix(_WHITEOUT))
            self._remove(gone)
            self._remove_below(gone)  # of which a layer may have had no entry of its own
            return
        if member.isdir():
            self.links.pop(path, None)
            if path:
                self.folders[path] = Folder(member.mode, member.uid, member.gid, int(member.mtime))
            return
        self._remove(path)
        self.size += member.size
        if member.issym():
            self.links[path] = member.linkname
        elif path in _ACCOUNTS and member.size <= _ACCOUNTS_MAX and (file := tar.extractfile(member)):
            self.accounts[path] = file.read().decode(errors="replace")

    def _remove(self, path: str) -> None:
        self.links.pop(path, None)
        self.accounts.pop(path, None)
        if self.folders.pop(path, None) is not None:
            self._remove_below(path)

    def _remove_below(self, folder: str) -> None:
        inside = f"{folder}/" if folder else ""
        for kept in (self.folders, self.links, self.accounts):
            for path in [path for path in kept if path.startswith(inside)]:
                del kept[path]


def _opened(path: Path) -> IO[bytes]:
    """The tar of a layer. `tarfile` itself would stop at the end of the first of several gzip members."""
    with path.open("rb") as file:
        start = file.read(len(zstd.MAGIC))
    if start == zstd.MAGIC:
        if opened := zstd.opened(path):
            return opened
        raise InputError(
            "it is compressed with zstd", hint=f"install the package zstandard beside agentcore; or {_OTHERWISE}"
        )
    return cast(IO[bytes], gzip.open(path)) if start.startswith(_GZIP) else path.open("rb")
