"""A build context, or a layer, as a stream of tar: the same bytes for the same files, never all of it in memory.

Times, owners and modes are made equal: what comes out depends on names, contents and execute bits alone, and every
user of the image can read it.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from agentcore_cli.builders.source.source import Source
from agentcore_cli.errors import AgentcoreError

TIME: Final = 315_532_800  # 1980-01-01, as in bundles
_CHUNK: Final = 1024 * 1024


class FileOwner(NamedTuple):
    """By number."""

    user: int = 0
    group: int = 0


class Folder(NamedTuple):
    """A folder that is there already where this is unpacked, and stays as it is."""

    mode: int
    user: int
    group: int
    time: int


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder of the context. `content` is None for a folder, bytes, or where the content is.

    `digest` is the sha256 that a file of the project must still have; `mode` is another than usual.
    """

    content: Path | bytes | None
    executable: bool = False
    digest: str | None = None
    mode: int | None = None


Items = Mapping[str, Item]
_FOLDER: Final = Item(None)
_ROOT: Final = FileOwner()


def of_source(source: Source, prefix: str = "", *, instead: Mapping[str, bytes] | None = None) -> dict[str, Item]:
    """The agent's files below `prefix`; `instead` has other contents for some of them."""
    replaced = instead or {}
    return {
        f"{prefix}{name}": Item(replaced[name], entry.executable)
        if name in replaced
        else Item(entry.path if entry.digest else None, entry.executable, entry.digest)
        for name, entry in source.entries.items()
    }


def of_folder(folder: Path, prefix: str) -> dict[str, Item]:
    """Every file below `folder`."""
    items = {}
    for path in folder.rglob("*"):
        if path.is_file():
            items[f"{prefix}{path.relative_to(folder).as_posix()}"] = Item(path, os.access(path, os.X_OK))
    return items


def size_of(item: Item) -> int:
    """In bytes."""
    if isinstance(item.content, Path):
        return item.content.stat().st_size
    return len(item.content or b"")


def stream(
    items: Items, *, owner: FileOwner = _ROOT, existing: Mapping[str, Folder] = MappingProxyType({})
) -> Iterator[bytes]:
    """The context in order of names, folders before what is in them; those of `existing` are as they are there.

    What is named belongs to `owner`; the folders above it that are nowhere yet are root's, as Docker makes them.

    Raises AgentcoreError when a file is no longer what was hashed, or can't be read any more.
    """
    for name in _with_folders(items):
        if name in items:
            yield from _packed(name, items[name], owner)
        elif name in existing:
            yield _of_existing(name, existing[name])
        else:
            yield from _packed(name, _FOLDER, _ROOT)
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _with_folders(items: Iterable[str]) -> list[str]:
    names = set(items)
    for name in items:
        parts = name.split("/")
        names |= {"/".join(parts[:count]) for count in range(1, len(parts))}
    return sorted(names)


def _of_existing(name: str, folder: Folder) -> bytes:
    header = tarfile.TarInfo(name)
    header.type = tarfile.DIRTYPE
    header.mode, header.uid, header.gid, header.mtime = folder
    return _bytes(header)


def _packed(name: str, item: Item, owner: FileOwner) -> Iterator[bytes]:
    header = tarfile.TarInfo(name)
    header.mtime = TIME
    header.uid, header.gid = owner
    usual = 0o755 if item.executable or item.content is None else 0o644
    header.mode = usual if item.mode is None else item.mode
    if item.content is None:
        header.type = tarfile.DIRTYPE
        yield _bytes(header)
        return
    if isinstance(item.content, bytes):
        header.size = len(item.content)
        yield _bytes(header) + item.content
    else:
        yield from _file(name, header, item.content, item.digest)
    yield b"\0" * (-header.size % tarfile.BLOCKSIZE)


def _file(name: str, header: tarfile.TarInfo, path: Path, digest: str | None) -> Iterator[bytes]:
    seen, length = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            header.size = os.fstat(file.fileno()).st_size
            yield _bytes(header)
            while chunk := file.read(min(_CHUNK, header.size - length)):
                seen.update(chunk)
                length += len(chunk)
                yield chunk
    except OSError as error:
        raise AgentcoreError(f"{name}: can't be read: {error.strerror}") from error
    if length != header.size or (digest and seen.hexdigest() != digest):
        raise AgentcoreError(f"{name}: changed while it was being packed", hint="run the same command again")


def _bytes(header: tarfile.TarInfo) -> bytes:
    return header.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
