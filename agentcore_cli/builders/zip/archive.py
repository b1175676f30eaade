"""The zip that AgentCore unpacks and runs: the packages and the code, side by side at its root.

The same inputs make the same bytes: names are in order, times are the format's first, modes are 644 and 755, whatever
this machine's umask, time zone, user and file system. Packages come first and are packed once: what they make of a zip
is kept and is the beginning of every other that has the same ones. No `.pyc` goes along: AgentCore's own patch release
of Python writes its own, and the documentation wants none (direct code deployment for Python).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
import zipfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from agentcore_cli import files
from agentcore_cli.builders.packages import elf
from agentcore_cli.builders.packages import wheels as unpacked
from agentcore_cli.builders.packages.installer import Stopping
from agentcore_cli.builders.source.finished_zip import FinishedZip, find
from agentcore_cli.builders.zip.inputs import CodeInputs
from agentcore_cli.contract import CODE_UNZIPPED_MAX, CODE_ZIP_MAX
from agentcore_cli.errors import AgentcoreError, InputError

_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the zip format's epoch
_UNIX: Final = 3
_MODE: Final = 0o600  # of what is kept
_LEVEL: Final = 6  # of zlib; written down, since another one makes other bytes
_CHUNK: Final = 1024 * 1024
_NAMED: Final = 5  # of the largest
_UNUSED_SECONDS: Final = 7 * 24 * 3600
_UPLOADED_SECONDS: Final = 24 * 3600  # a zip is in S3 soon
_MEGABYTE: Final = 1024**2


def place_of(folder: Path, inputs: CodeInputs) -> Path:
    return folder / f"{inputs.tag}.zip"


def build(folder: Path, inputs: CodeInputs, installed: Path | None, stopping: Stopping) -> FinishedZip:
    """Pack the code and the packages in `installed`; what is packed is kept in `folder`.

    Raises InputError for more than AgentCore takes, with the largest, and for native code of another processor;
    AgentcoreError, with nothing left, when the disk is full, a file changes meanwhile, or it is interrupted.
    """
    _remove_unused(folder)
    own = _Code(inputs).names
    packages = _Packages(installed, own, stopping) if installed else None
    _check_unpacked(inputs, packages)
    path = place_of(folder, inputs)
    with files.told_when_full(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with files.replaced(path, mode=_MODE, durable=True) as file:
        if packages:
            packages.begin(file, folder)
        with zipfile.ZipFile(file, "a" if packages else "w") as archive:
            _Code(inputs).pack(archive, stopping)
        _check_zipped(file.tell(), inputs, packages)
    made = find(path)
    assert made, "it has just been written"
    return made


def packages_end(built: FinishedZip, inputs: CodeInputs) -> int:
    """How many bytes the packages take, with which the zip begins: those of every other one with the same packages."""
    own = _Code(inputs).names
    with zipfile.ZipFile(built.path) as archive:
        return next((each.header_offset for each in archive.infolist() if each.filename.rstrip("/") in own), 0)


def largest(inputs: CodeInputs, installed: Path | None, count: int) -> list[tuple[str, int]]:
    """The names and sizes (bytes) of the largest files, largest first."""
    sizes = {name: entry.size for name, entry in inputs.source.entries.items()}
    there = _Packages(installed, sizes, lambda: False).sizes if installed else {}
    return sorted({**there, **sizes}.items(), key=lambda item: (-item[1], item[0]))[:count]


@dataclass(frozen=True)
class _Code:
    inputs: CodeInputs

    @property
    def names(self) -> set[str]:
        return {*self.inputs.source.entries, *self.inputs.started.files}

    def pack(self, archive: zipfile.ZipFile, stopping: Stopping) -> None:
        """The agent's files, and those that start it."""
        for name, content in sorted(self.inputs.started.files.items()):
            archive.writestr(_header(name), content, compresslevel=_LEVEL)
        for name, entry in self.inputs.source.entries.items():
            _stop_if(stopping)
            if entry.digest is None:
                archive.writestr(_header(f"{name}/", is_folder=True), b"")
            elif name in self.inputs.instead:
                archive.writestr(_header(name), self.inputs.instead[name], compresslevel=_LEVEL)
            else:
                _pack_file(archive, name, entry.path, executable=entry.executable, digest=entry.digest)


class _Packages:
    """The files of a folder of packages, but for those whose names the agent's own files have: as on an image's import
    path, these count."""

    def __init__(self, installed: Path, own: Collection[str], stopping: Stopping) -> None:
        self._installed = installed
        self._stopping = stopping
        there = {path.relative_to(installed).as_posix(): path for path in installed.rglob("*") if path.is_file()}
        kept = {name: path for name, path in there.items() if not _is_bytecode(name)}
        self._hidden = sorted(kept.keys() & set(own))
        self.files = dict(sorted((name, path) for name, path in kept.items() if name not in self._hidden))

    @property
    def sizes(self) -> dict[str, int]:
        return {name: path.stat().st_size for name, path in self.files.items()}

    def begin(self, file: IO[bytes], folder: Path) -> None:
        """Let `file` begin with a zip of the packages."""
        kept = folder / f"{self._key}.packages"
        if not kept.exists():
            self._check_native()
            with files.replaced(kept, mode=_MODE, durable=True) as packed, zipfile.ZipFile(packed, "w") as archive:
                for name, path in self.files.items():
                    _stop_if(self._stopping)
                    _pack_file(archive, name, path, executable=bool(path.stat().st_mode & stat.S_IXUSR))
        os.utime(kept)
        with kept.open("rb") as packed:
            shutil.copyfileobj(packed, file, _CHUNK)

    @property
    def _key(self) -> str:
        """The folder's own hash, and what is left out of it."""
        hidden = hashlib.sha256("\0".join(self._hidden).encode()).hexdigest()[:12] if self._hidden else "all"
        return f"{self._installed.name}-{hidden}"

    def _check_native(self) -> None:
        for path, kind in elf.foreign(self._installed):
            name = path.relative_to(self._installed).as_posix()
            if name not in self.files:
                continue
            info = unpacked.owner(self._installed, path)
            whose = info.name.removesuffix(".dist-info").replace("-", "==", 1) if info != path else "a package"
            raise InputError(
                f"{name} of {whose} is native code for {kind}, and AgentCore takes none but for arm64 in a zip",
                hint="ask for a version that brings none, leave the package out, or set `build: docker`: "
                "an image may hold what it does not run",
            )


def _is_bytecode(name: str) -> bool:
    return name.endswith((".pyc", ".pyo"))


def _pack_file(archive: zipfile.ZipFile, name: str, path: Path, *, executable: bool, digest: str | None = None) -> None:
    """One file, a piece at a time; with `digest` it must still be what was hashed."""
    header = _header(name, executable=executable)
    seen = hashlib.sha256()
    try:
        with path.open("rb") as source:
            header.file_size = os.fstat(source.fileno()).st_size
            with archive.open(header, "w") as target:
                while piece := source.read(_CHUNK):
                    seen.update(piece)
                    target.write(piece)
    except OSError as error:
        if error.filename != str(path):
            raise
        raise AgentcoreError(f"{name}: can't be read: {error.strerror}") from error
    if digest and seen.hexdigest() != digest:
        raise AgentcoreError(f"{name}: changed while it was being packed", hint="run the same command again")


def _header(name: str, *, executable: bool = False, is_folder: bool = False) -> zipfile.ZipInfo:
    header = zipfile.ZipInfo(name, _TIME)
    header.create_system = _UNIX
    kind = stat.S_IFDIR if is_folder else stat.S_IFREG
    header.external_attr = (kind | (0o755 if executable or is_folder else 0o644)) << 16
    header.compress_type = zipfile.ZIP_STORED if is_folder else zipfile.ZIP_DEFLATED
    header._compresslevel = _LEVEL  # type: ignore[attr-defined]  # `open` has no parameter for it
    return header


def _check_unpacked(inputs: CodeInputs, packages: _Packages | None) -> None:
    sizes = _sizes(inputs, packages)
    if (total := sum(sizes.values())) > CODE_UNZIPPED_MAX:
        raise _too_large("unpacked", total, CODE_UNZIPPED_MAX, sizes)


def _check_zipped(size: int, inputs: CodeInputs, packages: _Packages | None) -> None:
    if size > CODE_ZIP_MAX:
        raise _too_large("as a zip", size, CODE_ZIP_MAX, _sizes(inputs, packages))


def _sizes(inputs: CodeInputs, packages: _Packages | None) -> dict[str, int]:
    own = {name: entry.size for name, entry in inputs.source.entries.items()}
    return {**(packages.sizes if packages else {}), **own}


def _too_large(how: str, size: int, limit: int, sizes: Mapping[str, int]) -> InputError:
    named = ", ".join(f"{name} ({_megabytes(part)})" for name, part in _largest_entries(sizes))
    return InputError(
        f"the code and its packages have {_megabytes(size)} {how}, and AgentCore takes {_megabytes(limit)}; "
        f"the largest, unpacked: {named}",
        hint="leave out packages and files that it does not need, or set `build: docker`: an image may have 2 GB",
    )


def _largest_entries(sizes: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """By the names at the root, as a person knows packages."""
    entries = Counter[str]()
    for name, size in sizes.items():
        entries[name.partition("/")[0]] += size
    return entries.most_common(_NAMED)


def _megabytes(size: int) -> str:
    return f"{size / _MEGABYTE:.1f} MB"


def _stop_if(stopping: Stopping) -> None:
    if stopping():
        raise AgentcoreError("interrupted")


def _remove_unused(folder: Path) -> None:
    for path in folder.glob("*"):
        kept = _UPLOADED_SECONDS if path.suffix == ".zip" else _UNUSED_SECONDS
        if path.stat().st_mtime < time.time() - kept:
            path.unlink(missing_ok=True)
