"""A build context as a stream of tar: the same bytes for the same files, and never the whole of it in memory.

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
from typing import Final

from agentcore_cli.builders.source import Source
from agentcore_cli.errors import AgentcoreError

_TIME: Final = 315_532_800  # 1980-01-01, as in bundles
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder of the context. `content` is None for a folder, bytes, or where the content is.

    `digest` is the sha256 that a file of the project must still have.
    """

    content: Path | bytes | None
    executable: bool = False
    digest: str | None = None


Items = Mapping[str, Item]


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


def stream(items: Items) -> Iterator[bytes]:
    """The context in order of names, folders before what is in them.

    Raises AgentcoreError when a file is no longer what was hashed, or can't be read any more.
    """
    for name in _with_folders(items):
        yield from _packed(name, items.get(name, Item(None)))
    yield b"\0" * (2 * tarfile.BLOCKSIZE)


def _with_folders(items: Iterable[str]) -> list[str]:
    names = set(items)
    for name in items:
        parts = name.split("/")
        names |= {"/".join(parts[:count]) for count in range(1, len(parts))}
    return sorted(names)


def _packed(name: str, item: Item) -> Iterator[bytes]:
    header = tarfile.TarInfo(name)
    header.mtime = _TIME
    header.mode = 0o755 if item.executable or item.content is None else 0o644
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
