"""A folder of blobs by their digests, shared by all projects of a user, and what is known about them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from agentcore_cli import documents
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.files import told_when_full, write_atomically

_UNUSED_SECONDS: Final = 30 * 24 * 3600
_ABANDONED_SECONDS: Final = 24 * 3600
_PARTIAL: Final = ".partial-"
_PLACES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Blob:
    """`digest` is `sha256:…`, `size` in bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Blobs:
    """`root` is made when it is needed. Several processes may use it at once: a blob is whole or not there."""

    root: Path

    def path(self, digest: str) -> Path:
        return self._blobs / digest.removeprefix("sha256:")

    def has(self, digest: str, size: int) -> bool:
        """Whether it is here, with so many bytes; from now on it counts as used."""
        path = self.path(digest)
        try:
            os.utime(path)
            return path.stat().st_size == size
        except FileNotFoundError:
            return False

    def read(self, digest: str) -> bytes:
        """All of a small one. Raises as `verify`."""
        self.verify(digest)
        return self.path(digest).read_bytes()

    def verify(self, digest: str) -> None:
        """Before it is used: raises AgentcoreError for one that is not what its name says, which is gone then."""
        path = self.path(digest)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if f"sha256:{found}" != digest:
            path.unlink(missing_ok=True)
            raise AgentcoreError(
                f"{path}: it is damaged, and was removed", hint="run the same command again: it is made or fetched anew"
            )

    def add(self, content: bytes) -> Blob:
        return self.write([content])

    def write(self, pieces: Iterable[bytes]) -> Blob:
        """Never the whole of it in memory. Raises AgentcoreError for a full disk; nothing is left behind then."""
        digest, size = hashlib.sha256(), 0
        with told_when_full(self.root):
            self._blobs.mkdir(parents=True, exist_ok=True)
            descriptor, partial = tempfile.mkstemp(dir=self._blobs, prefix=_PARTIAL)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    for piece in pieces:
                        digest.update(piece)
                        size += len(piece)
                        file.write(piece)
                    _keep(file)
                blob = Blob(f"sha256:{digest.hexdigest()}", size)
                os.replace(partial, self.path(blob.digest))
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise
        return blob

    def note(self, kind: str, key: str) -> Any:
        """What was written down about something, None when nothing was, or it can't be read."""
        path = self._notes(kind) / f"{key}.json"
        try:
            found = documents.read(path)
            os.utime(path)
        except (OSError, ValueError):
            return None
        return found

    def write_note(self, kind: str, key: str, value: Any) -> None:
        write_atomically(self._notes(kind) / f"{key}.json", json.dumps(value))

    def seen_at(self, digest: str, host: str) -> list[str]:
        """The repositories of this registry that held the blob, the last one first: it may be mounted from there."""
        places = self.note("places", digest.removeprefix("sha256:")) or []
        return [place.partition("/")[2] for place in places if place.partition("/")[0] == host]

    def saw_at(self, digest: str, host: str, repository: str) -> None:
        key, place = digest.removeprefix("sha256:"), f"{host}/{repository}"
        before = self.note("places", key) or []
        if before[:1] != [place]:
            rest = [other for other in before if other != place]
            self.write_note("places", key, [place, *rest][:_PLACES_MAX])

    def prune(self) -> None:
        """Remove what nothing has used for a month, and what was left behind a day ago."""
        now = time.time()
        for path in self.root.glob("*/*"):
            try:
                age = now - path.stat().st_mtime
                if age > (_ABANDONED_SECONDS if path.name.startswith(_PARTIAL) else _UNUSED_SECONDS):
                    path.unlink()
            except OSError:
                continue  # somebody else was faster

    @property
    def _blobs(self) -> Path:
        return self.root / "sha256"

    def _notes(self, kind: str) -> Path:
        return self.root / kind


def _keep(file: IO[bytes]) -> None:
    """On disk before the name is: a blob that is there is whole."""
    file.flush()
    os.fsync(file.fileno())
