"""What is said about an image, besides it: documents in manifests of their own that name the image as their subject.

Source: github.com/opencontainers/image-spec, manifest.md, "Guidelines for Artifact Usage".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.builders.oci.blobs import Blob, Blobs
from agentcore_cli.builders.registry.registry import digest_of

SPDX: Final = "application/spdx+json"
IN_TOTO: Final = "application/vnd.in-toto+json"
EMPTY: Final = Blob("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", 2)
_NOTHING: Final = b"{}"  # what EMPTY holds
_EMPTY_TYPE: Final = "application/vnd.oci.empty.v1+json"


@dataclass(frozen=True, slots=True)
class Attestation:
    """`kind` is the media type of `document`, a blob of the store; `manifest` has the image as its subject."""

    kind: str
    document: Blob
    manifest: str
    manifest_type: str

    @property
    def digest(self) -> str:
        return digest_of(self.manifest.encode())

    @property
    def descriptor(self) -> dict[str, Any]:
        """As an index lists it."""
        size = len(self.manifest.encode())
        described = {"mediaType": self.manifest_type, "digest": self.digest, "size": size}
        return {**described, "artifactType": self.kind}


def attestation(kind: str, document: bytes, subject: dict[str, Any], blobs: Blobs) -> Attestation:
    """Keep the document; `subject` is the descriptor of the image's manifest."""
    blobs.add(_NOTHING)
    blob = blobs.add(document)
    manifest = {
        "schemaVersion": 2,
        "mediaType": subject["mediaType"],
        "artifactType": kind,
        "config": {"mediaType": _EMPTY_TYPE, "digest": EMPTY.digest, "size": EMPTY.size},
        "layers": [{"mediaType": kind, "digest": blob.digest, "size": blob.size}],
        "subject": subject,
    }
    return Attestation(kind, blob, json.dumps(manifest, separators=(",", ":")), subject["mediaType"])
