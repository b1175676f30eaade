"""An agent's code as one zip, named by the hash of what it is made from.

Beside `<digest>.zip` lies `<digest>.json`, which tells the local runtime which interpreter and environment it runs in.
It is written first: whoever sees the zip sees both.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from agentcore_cli import documents, files
from agentcore_cli.builders.bundles.mounts import StorageMount
from agentcore_cli.builders.packages.environment import Environment
from agentcore_cli.builders.source.source import Source, SourceEntry
from agentcore_cli.errors import AgentcoreError

_FORMAT: Final = "1"
_TIME: Final = (1980, 1, 1, 0, 0, 0)  # the zip format's epoch: equal inputs make equal bytes
_UNIX: Final = 3


@dataclass(frozen=True, slots=True)
class BundleInputs:
    """All that a bundle depends on. `python` is the interpreter's version, `start` the arguments it is started with.

    `path` are folders of the source that imports start from, `resolved` is what the requirements were resolved to by
    `deploy --upgrade`; the environment's hash has it, too. `instead` has the contents of files that are not packed as
    they are.
    """

    source: Source
    environment: str
    python: str
    start: tuple[str, ...]
    mounts: tuple[StorageMount, ...] = ()
    path: tuple[str, ...] = ()
    resolved: str = ""
    instead: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def digest(self) -> str:
        path = ["", *self.path] if self.path else []
        mounts = (f"{mount.access} {mount.path}" for mount in self.mounts)
        other = [part for name, data in self.instead.items() for part in (name, hashlib.sha256(data).hexdigest())]
        parts = (_FORMAT, self.source.digest, self.environment, self.python, *self.start, *path, *mounts, *other)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def describe(self) -> dict[str, Any]:
        """The inputs for comparing and showing: `files` maps each path to a short fingerprint."""
        return {
            "files": self.source.fingerprints,
            "dependencies": self.environment,
            "python": self.python,
            "start": " ".join(self.start),
            **({"path": ":".join(self.path)} if self.path else {}),
            **({"resolved": self.resolved} if self.resolved else {}),
            **({"mounts": {mount.path: mount.access for mount in self.mounts}} if self.mounts else {}),
        }


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished one; `inputs` is their description."""

    digest: str
    path: Path
    size: int
    inputs: Mapping[str, Any]


def find(folder: Path, digest: str) -> Bundle | None:
    """The bundle of this name, if it is there with its sidecar and the environment which that names."""
    path = folder / f"{digest}.zip"
    try:
        sidecar = documents.read(_sidecar(path))
        if not Path(sidecar["interpreter"]).exists():
            return None
        return Bundle(digest, path, path.stat().st_size, sidecar["inputs"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def build(folder: Path, inputs: BundleInputs, environment: Environment) -> Bundle:
    """Pack the source. Raises AgentcoreError, with nothing left, when the disk is full or a file changes meanwhile."""
    path = folder / f"{inputs.digest}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    sidecar = {
        "interpreter": str(environment.python),
        "environment": str(environment.path),
        "python": inputs.python.rpartition(".")[0],
        "path": list(inputs.path),
        "mounts": [mount._asdict() for mount in inputs.mounts],
        "inputs": inputs.describe(),
    }
    files.write_atomically(_sidecar(path), json.dumps(sidecar), mode=0o600, durable=False)  # broken: it is made anew
    with files.told_when_full(path), tempfile.NamedTemporaryFile(dir=folder, prefix=".bundle-", delete=False) as file:
        try:
            _pack(file, inputs)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
    return Bundle(inputs.digest, path, path.stat().st_size, inputs.describe())


def _pack(file: IO[bytes], inputs: BundleInputs) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, entry in inputs.source.entries.items():
            content = _content(name, entry)
            archive.writestr(_header(name, entry), inputs.instead.get(name, content))


def _header(name: str, entry: SourceEntry) -> zipfile.ZipInfo:
    folder = entry.digest is None
    header = zipfile.ZipInfo(name + "/" * folder, _TIME)
    header.create_system = _UNIX
    mode = (stat.S_IFDIR if folder else stat.S_IFREG) | (0o755 if folder or entry.executable else 0o644)
    header.external_attr = mode << 16
    header.compress_type = zipfile.ZIP_STORED if folder else zipfile.ZIP_DEFLATED
    return header


def _content(name: str, entry: SourceEntry) -> bytes:
    """A file's content, which must still be what was hashed."""
    if entry.digest is None:
        return b""
    content = entry.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != entry.digest:
        raise AgentcoreError(f"{name}: changed while it was being packed", hint="run the same command again")
    return content


def _sidecar(path: Path) -> Path:
    return path.with_suffix(".json")
