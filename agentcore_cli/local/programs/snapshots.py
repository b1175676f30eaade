"""Artifacts unpacked: `<sha256>.zip` of the store becomes the folder `<runtime>/<sha256>`, or nothing.

Nobody writes to it: sessions have it as a read-only mount under a layer of their own, which takes the modes over, so
that its owner may write there; or they copy it.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import secrets
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Final

from agentcore_cli.contract import CODE_UNZIPPED_MAX, CODE_ZIP_MAX
from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.trees import empty_tree, remove_tree

_FOLDER_MODE: Final = 0o755
_PARTIAL: Final = ".partial-"
_GONE: Final = ".gone-"
_DEPTH_MAX: Final = 200  # folders in folders; far below what Python recurses
_MEMBERS_MAX: Final = 100_000
_NAME_MAX: Final = 255  # bytes, as Linux has it
_ENCRYPTED: Final = 1
_KINDS: Final = (0, stat.S_IFREG, stat.S_IFDIR)  # 0: made where files have no Unix mode
_PIECE: Final = 1024 * 1024
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error),
    *(ValueError, KeyError, IndexError, OverflowError, RuntimeError),
)


class Snapshots:
    """The folders that sessions run on. Several versions may share one; who uses which is not known here."""

    def __init__(self, home: Home) -> None:
        self._artifacts = home.artifacts
        self._snapshots = home.snapshots

    def clean(self) -> None:
        """Remove what a killed server left half unpacked or half removed."""
        for folder in (*self._snapshots.glob(f"*/{_PARTIAL}*"), *self._snapshots.glob(f"*/{_GONE}*")):
            remove_tree(folder)

    def unpacked(self, runtime: str, code_key: str) -> Path:
        """The folder of an artifact of a runtime, unpacked now if need be; all of one lie in one folder.

        Raises ArtifactError with what is wrong with the zip.
        """
        folder = self._snapshots / runtime / code_key.removesuffix(".zip")
        if not folder.is_dir():
            self._unpack(self._artifacts / code_key, folder)
        return folder

    def data_of(self, code_key: str) -> str:
        """A digest of an artifact's files that are not Python's, by names and checksums; its key where it is gone."""
        try:
            with zipfile.ZipFile(self._artifacts / code_key) as archive:
                items = [(item.filename, item.file_size, item.CRC) for item in archive.infolist()]
        except (OSError, *_BROKEN):
            return code_key
        data = sorted(item for item in items if not item[0].endswith((".py", ".pyc")))
        return hashlib.sha256(repr(data).encode()).hexdigest()

    def forget(self, runtime: str, code_key: str) -> None:
        """Remove an artifact's folder. While the runtime has others, an empty one stays under another name: a warm
        parent may have been started on it, and on a folder that is gone no session's code can be mounted.
        """
        room = self._snapshots / runtime
        gone = room / f"{_GONE}{secrets.token_hex(8)}"
        with suppress(FileNotFoundError):
            (room / code_key.removesuffix(".zip")).rename(gone)
            empty_tree(gone)
        self._leave(room)

    def _unpack(self, archive: Path, folder: Path) -> None:
        folder.parent.mkdir(exist_ok=True, mode=0o755)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=_PARTIAL))
        try:
            unpack(archive, partial)
            partial.rename(folder)
        except OSError as error:
            if not folder.is_dir():
                raise ArtifactError(f"{archive.name}: cannot be unpacked: {error.strerror or error}") from error
        finally:
            remove_tree(partial)
            self._leave(folder.parent)

    def _leave(self, room: Path) -> None:
        """Remove the folder of a runtime that has none any more."""
        if room.is_dir() and all(folder.name.startswith(_GONE) for folder in room.iterdir()):
            remove_tree(room)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack into an empty folder; every file and folder is for its owner to write, and for all to read.

    Raises ArtifactError for whatever is wrong with the zip: over the service's limits (runtime-code-deploy), broken,
    encrypted, packed in a way that is not known here, or with a name that leads out of the folder, stands there twice
    or is no file's. OSError is the disk's.
    """
    if archive.stat().st_size > CODE_ZIP_MAX:
        raise ArtifactError(f"{archive.name}: the zip is larger than {CODE_ZIP_MAX // 1024**2} MB")
    with _told_when_broken(archive.name), zipfile.ZipFile(archive) as contents:
        members = contents.infolist()
        _check(archive.name, members)
        for member in members:
            _unpack_member(contents, member, folder)
    for parent, _, _ in os.walk(folder):
        os.chmod(parent, _FOLDER_MODE)


@contextmanager
def _told_when_broken(name: str) -> Iterator[None]:
    """Everything that the modules for zips and their compressions raise for bytes that are no good."""
    try:
        yield
    except NotImplementedError as error:
        raise ArtifactError(f"{name}: cannot be unpacked: {error}; use deflate") from error
    except _BROKEN as error:
        raise ArtifactError(f"{name}: cannot be unpacked, the zip is broken: {error}") from error


def _check(name: str, members: Sequence[zipfile.ZipInfo]) -> None:
    if len(members) > _MEMBERS_MAX:
        raise ArtifactError(f"{name}: {len(members)} files in the zip, at most {_MEMBERS_MAX} are unpacked")
    if sum(member.file_size for member in members) > CODE_UNZIPPED_MAX:
        raise ArtifactError(f"{name}: unpacked it is larger than {CODE_UNZIPPED_MAX // 1024**2} MB")
    seen: set[PurePosixPath] = set()
    for member in members:
        path = _path(member)
        if path in seen and not member.is_dir():
            raise ArtifactError(f"{member.filename!r} is in the zip twice")
        seen.add(path)


def _path(member: zipfile.ZipInfo) -> PurePosixPath:
    """Where it goes. Raises ArtifactError for a name that leads out, can't be a file's, or is of something else."""
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or re.match("[A-Za-z]:", member.filename) or "\\" in member.filename:
        raise ArtifactError(f"{member.filename!r} in the zip leads out of it")
    if len(path.parts) > _DEPTH_MAX:
        raise ArtifactError(f"{member.filename[:60]!r}… in the zip lies deeper than {_DEPTH_MAX} folders")
    if not path.parts or any(len(part.encode(errors="replace")) > _NAME_MAX for part in path.parts):
        raise ArtifactError(f"{member.filename[:80]!r} in the zip is not a file name")
    if member.flag_bits & _ENCRYPTED:
        raise ArtifactError(f"{member.filename!r} in the zip is encrypted")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in _KINDS:
        raise ArtifactError(f"{member.filename!r} in the zip is a link or a device, and only files are unpacked")
    return path


def _unpack_member(contents: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / _path(member)
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with contents.open(member) as source, target.open("xb") as copy:
        # no more than it said: the sum of what all say is what was looked at
        left = member.file_size
        while left > 0 and (piece := source.read(min(_PIECE, left))):
            copy.write(piece)
            left -= len(piece)
        if left or source.read(1):
            raise zipfile.BadZipFile(f"{member.filename!r} is not as long as it says")
    executable = (member.external_attr >> 16) & stat.S_IXUSR
    target.chmod(0o755 if executable else 0o644)
