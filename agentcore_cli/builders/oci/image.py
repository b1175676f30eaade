"""A whole image: its manifest, and the blobs that the manifest names, in the store or still at the base's registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from agentcore_cli.builders.oci.assembly import Assembled
from agentcore_cli.builders.oci.attestations import EMPTY, Attestation
from agentcore_cli.builders.oci.base import Base
from agentcore_cli.builders.oci.blobs import Blob, Blobs
from agentcore_cli.builders.oci.layers import Layer
from agentcore_cli.builders.registry.reference import Reference
from agentcore_cli.builders.registry.registry import digest_of

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_NOTES: Final = "images"


@dataclass(frozen=True, slots=True)
class OciImage:
    """`digest` is that of `manifest`; `size` is in bytes, unpacked. `below` are the base's layers, from `base`.

    `largest` are files of ours with their sizes, largest first; `base_digest` is that of the base's manifest. What is
    said about the image besides it, `attestations`, is not part of it.
    """

    manifest: str
    config: Blob
    below: tuple[Layer, ...]
    added: tuple[Layer, ...]
    base: Reference | None
    size: int
    largest: tuple[tuple[str, int], ...]
    base_digest: str = ""
    attestations: tuple[Attestation, ...] = ()

    @property
    def digest(self) -> str:
        return digest_of(self.manifest.encode())

    @property
    def layers(self) -> tuple[Layer, ...]:
        return (*self.below, *self.added)

    @property
    def descriptor(self) -> dict[str, Any]:
        """Of its manifest."""
        return {"mediaType": MANIFEST, "digest": self.digest, "size": len(self.manifest.encode())}

    @property
    def blobs(self) -> dict[str, Blob | Layer]:
        """All that its manifest and those of its attestations name, by digest."""
        documents = [EMPTY, *(each.document for each in self.attestations)] if self.attestations else []
        whole: list[Blob | Layer] = [*self.layers, self.config, *documents]
        return {blob.digest: blob for blob in whole}

    @property
    def packed(self) -> int:
        """Bytes of all layers as they are sent."""
        return sum(layer.size for layer in self.layers)


def whole(base: Base, assembled: Assembled, largest: tuple[tuple[str, int], ...], blobs: Blobs) -> OciImage:
    """Write the config and the manifest."""
    config = blobs.add(json.dumps(assembled.config, separators=(",", ":"), ensure_ascii=False).encode())
    layers = (*base.layers, *assembled.added)
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": config.digest, "size": config.size},
        "layers": [layer.descriptor for layer in layers],
    }
    manifest = json.dumps(document, separators=(",", ":"))
    size = base.root.size + sum(layer.unpacked for layer in assembled.added)
    return OciImage(manifest, config, base.layers, assembled.added, base.place, size, largest, base.digest)


def remember(blobs: Blobs, tag: str, image: OciImage) -> None:
    blobs.write_note(_NOTES, tag, asdict(image))


def recall(blobs: Blobs, tag: str) -> OciImage | None:
    """What was built of these inputs, if all that is ours of it is still there."""
    note: Mapping[str, Any] | None = blobs.note(_NOTES, tag)
    if note is None:
        return None
    image = OciImage(
        manifest=note["manifest"],
        config=Blob(**note["config"]),
        below=tuple(Layer(**each) for each in note["below"]),
        added=tuple(Layer(**each) for each in note["added"]),
        base=Reference(*note["base"]) if note["base"] else None,
        size=note["size"],
        largest=tuple((name, size) for name, size in note["largest"]),
        base_digest=note.get("base_digest", ""),
        attestations=tuple(_recalled(each) for each in note.get("attestations", ())),
    )
    below = {layer.digest for layer in image.below}
    is_there = all(blobs.has(digest, blob.size) for digest, blob in image.blobs.items() if digest not in below)
    return image if is_there else None


def _recalled(note: Mapping[str, Any]) -> Attestation:
    return Attestation(**{**note, "document": Blob(**note["document"])})
