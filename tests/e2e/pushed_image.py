"""An image as the registry holds it: manifest, config, layers, and which processor its programs are for."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

_ELF: Final = b"\x7fELF"
AARCH64: Final = 183  # e_machine, ELF specification


class Source(Protocol):
    """Where an image's parts are read, by HTTP."""

    def image_manifest(self, repository: str, digest: str) -> bytes: ...

    def blob(self, repository: str, digest: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class PushedImage:
    source: Source
    repository: str
    digest: str

    @classmethod
    def at(cls, uri: str, source: Source) -> PushedImage:
        """The image at `<registry>/<repository>@<digest>`."""
        name, _, digest = uri.partition("@")
        return cls(source, name.partition("/")[2], digest)

    @property
    def manifest(self) -> Any:
        return json.loads(self.source.image_manifest(self.repository, self.digest))

    @property
    def config_digest(self) -> str:
        """The digest of the config, which is the image's id in an engine."""
        digest: str = self.manifest["config"]["digest"]
        return digest

    @property
    def config(self) -> Any:
        return json.loads(self.source.blob(self.repository, self.config_digest))

    @property
    def layers(self) -> list[str]:
        """The digests of the layers, the base's first."""
        return [layer["digest"] for layer in self.manifest["layers"]]

    def programs(self) -> Iterator[tuple[str, int]]:
        """Path and processor (`e_machine`) of every ELF file in any layer."""
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(self.source.blob(self.repository, layer)), mode="r:*") as archive:
                for member in archive:
                    file = archive.extractfile(member) if member.isfile() else None
                    if file and (head := file.read(20))[:4] == _ELF:
                        yield member.name, int.from_bytes(head[18:20], "little")

    def files(self) -> list[str]:
        """The path of every entry of every layer, in order."""
        found = []
        for layer in self.layers:
            with tarfile.open(fileobj=io.BytesIO(self.source.blob(self.repository, layer)), mode="r:*") as archive:
                found += archive.getnames()
        return found
