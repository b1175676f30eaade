"""An image in one file: an OCI image layout in a tar, with the manifest.json that `docker load` of any age reads.

Source: github.com/opencontainers/image-spec, image-layout.md.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path
from typing import IO, Final

from agentcore_cli import files
from agentcore_cli.builders.builder import BuildWork
from agentcore_cli.builders.images.context import TIME
from agentcore_cli.builders.images.image_limits import ARM64
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.builders.oci.image import OciImage
from agentcore_cli.errors import AgentcoreError

_MODE: Final = 0o644


def write(image: OciImage, blobs: Blobs, file: Path, reference: str, work: BuildWork) -> None:
    """The file is whole or not there; the same image makes the same bytes. All its layers are in the store.

    Raises AgentcoreError for a place that can't be written to.
    """
    work.tell(f"writing {file}")
    with files.replaced(file) as out:
        _write(out, image, blobs, reference, work)


def _write(out: IO[bytes], image: OciImage, blobs: Blobs, reference: str, work: BuildWork) -> None:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add(tar, "index.json", json.dumps(_index(image, reference)).encode())
        _add(tar, "manifest.json", json.dumps([_for_docker(image, reference)]).encode())
        _add(tar, _path(image.digest), image.manifest.encode())
        for each in image.attestations:
            _add(tar, _path(each.digest), each.manifest.encode())
        for digest in image.blobs:
            if work.stopping():
                raise AgentcoreError("interrupted")
            blobs.verify(digest)
            with blobs.path(digest).open("rb") as blob:
                tar.addfile(_header(_path(digest), os.fstat(blob.fileno()).st_size), blob)
            tar.members.clear()  # type: ignore[attr-defined]  # it would keep them all


def _index(image: OciImage, reference: str) -> dict[str, object]:
    descriptor = {
        **image.descriptor,
        "platform": {"architecture": ARM64, "os": "linux"},
        "annotations": {
            "io.containerd.image.name": f"docker.io/{reference}",
            "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
        },
    }
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [descriptor, *(each.descriptor for each in image.attestations)],
    }


def _for_docker(image: OciImage, reference: str) -> dict[str, object]:
    return {
        "Config": _path(image.config.digest),
        "RepoTags": [reference],
        "Layers": [_path(layer.digest) for layer in image.layers],
    }


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/', 1)}"


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_header(name, len(content)), io.BytesIO(content))


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mtime, header.mode = size, TIME, _MODE
    return header
