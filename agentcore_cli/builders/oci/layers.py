"""A layer: files at their places in the image, packed and compressed; packed once and known by what is in it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from agentcore_cli.builders.builder import BuildWork
from agentcore_cli.builders.images import context
from agentcore_cli.builders.images.context import FileOwner, Folder, Item
from agentcore_cli.builders.oci import compression
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.errors import AgentcoreError, InputError

GZIP: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
_FORMAT: Final = "1"  # change it when the same files would make other bytes than before
_REMOVES: Final = re.compile(r"(^|/)\.wh\.")
_NOTES: Final = "layers"


@dataclass(frozen=True, slots=True)
class Layer:
    """`digest` and `size` are of what is sent, `diff_id` and `unpacked` of the tar in it."""

    media_type: str
    digest: str
    size: int
    diff_id: str
    unpacked: int

    @property
    def descriptor(self) -> dict[str, object]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True, slots=True)
class Content:
    """What a layer is made of: by their paths in the image, and whose they become. `folders` are there already."""

    items: Mapping[str, Item]
    owner: FileOwner
    folders: Mapping[str, Folder]

    def key(self) -> str:
        """The same for the same layer, told without packing it. A file that has no digest is known by its size and
        time: it lies in a folder that is never changed once it is there."""
        parts: list[object] = [_FORMAT, list(self.owner)]
        parts += [[name, *folder] for name, folder in sorted(self.folders.items())]
        parts += [[name, *_identity(item)] for name, item in sorted(self.items.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def pack(content: Content, blobs: Blobs, work: BuildWork) -> Layer:
    """The layer, from the store if it is there. Raises AgentcoreError when a file changed since it was looked at."""
    if marked := [name for name in content.items if _REMOVES.search(name)]:
        raise InputError(
            f"{marked[0]}: in an image's layer a name that begins with .wh. removes a file",
            hint="call it something else, or leave it out by a line in .dockerignore",
        )
    key = content.key()
    known = blobs.note(_NOTES, key)
    if known and blobs.has(known["digest"], known["size"]):
        return Layer(**known)
    seen = _Seen(work)
    tar = context.stream(content.items, owner=content.owner, existing=content.folders)
    blob = blobs.write(compression.gzipped(seen.passing(tar)))
    layer = Layer(GZIP, blob.digest, blob.size, f"sha256:{seen.digest.hexdigest()}", seen.length)
    blobs.write_note(_NOTES, key, asdict(layer))
    return layer


class _Seen:
    """The tar as it goes by."""

    def __init__(self, work: BuildWork) -> None:
        self.digest = hashlib.sha256()
        self.length = 0
        self._work = work

    def passing(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if self._work.stopping():
                raise AgentcoreError("interrupted")
            self.digest.update(piece)
            self.length += len(piece)
            yield piece


def _identity(item: Item) -> list[object]:
    if item.content is None:
        return ["folder", item.mode]
    if isinstance(item.content, bytes):
        return [hashlib.sha256(item.content).hexdigest(), item.executable, item.mode]
    return [item.digest or _stamp(item.content), item.executable, item.mode]


def _stamp(path: Path) -> str:
    status = path.stat()
    return f"{path} {status.st_size} {status.st_mtime_ns}"
