"""Artifacts unpacked: `<sha256>.zip` of the store becomes the read-only folder `<sha256>`, whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from agentcore_cli.contract import CODE_UNZIPPED_MAX, CODE_ZIP_MAX
from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.trees import remove_tree

_READ_ONLY: Final = 0o555
_PARTIAL: Final = ".partial-"
_DEPTH_MAX: Final = 200  # folders in folders; far below what Python recurses


class Snapshots:
    """The folders that sessions run on. Several versions may share one; who uses which is not known here."""

    def __init__(self, home: Home) -> None:
        self._artifacts = home.artifacts
        self._snapshots = home.snapshots

    def clean(self) -> None:
        """Remove what a killed server left half unpacked."""
        for folder in self._snapshots.glob(f"{_PARTIAL}*"):
            remove_tree(folder)

    def unpacked(self, code_key: str) -> Path:
        """The folder of an artifact, unpacked now if need be. Raises ArtifactError with what is wrong with the zip."""
        folder = self._snapshots / code_key.removesuffix(".zip")
        if not folder.is_dir():
            self._unpack(self._artifacts / code_key, folder)
        return folder

    def forget(self, code_key: str) -> None:
        remove_tree(self._snapshots / code_key.removesuffix(".zip"))

    def _unpack(self, archive: Path, folder: Path) -> None:
        partial = Path(tempfile.mkdtemp(dir=self._snapshots, prefix=_PARTIAL))
        try:
            unpack(archive, partial)
            partial.rename(folder)
        except (OSError, zipfile.BadZipFile) as error:
            if not folder.is_dir():
                raise ArtifactError(f"{archive.name}: cannot be unpacked: {error}") from error
        finally:
            remove_tree(partial)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack into an empty folder, every file and folder read-only.

    Raises ArtifactError for a zip over the service's limits (runtime-code-deploy) or with a path that leads out of
    the folder, zipfile.BadZipFile and OSError for the rest.
    """
    if archive.stat().st_size > CODE_ZIP_MAX:
        raise ArtifactError(f"{archive.name}: the zip is larger than {CODE_ZIP_MAX // 1024**2} MB")
    with zipfile.ZipFile(archive) as contents:
        members = contents.infolist()
        if sum(member.file_size for member in members) > CODE_UNZIPPED_MAX:
            raise ArtifactError(f"{archive.name}: unpacked it is larger than {CODE_UNZIPPED_MAX // 1024**2} MB")
        for member in members:
            _unpack_member(contents, member, folder)
    _make_read_only(folder)


def _unpack_member(contents: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts:
        raise ArtifactError(f"{member.filename!r} in the zip leads out of it")
    if len(path.parts) > _DEPTH_MAX:
        raise ArtifactError(f"{member.filename[:60]!r}… in the zip lies deeper than {_DEPTH_MAX} folders")
    target = folder / path
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with contents.open(member) as source, target.open("xb") as copy:
        shutil.copyfileobj(source, copy)
    executable = (member.external_attr >> 16) & stat.S_IXUSR
    target.chmod(0o755 if executable else 0o644)


def _make_read_only(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            path.chmod(path.stat().st_mode & _READ_ONLY)
        Path(parent).chmod(_READ_ONLY)
