"""The Docker Engine of this machine, for tests that look at it with the Docker SDK and not with our code."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker
from docker.errors import ImageNotFound

from tests.stage.account import WORKER
from tests.stage.base_image import base_image

REGISTRY = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
PREFIX = "agentcore-containers-test"
OWN_PREFIX = f"{PREFIX}-{WORKER}"  # several test processes share the engine


class Engine:
    """Builds images from the arm64 base image, and sees containers and networks."""

    def __init__(self) -> None:
        self._client = docker.from_env()
        self._base = f"{PREFIX}-base:{base_image().folder.name.lower()}"
        self._built: list[str] = []

    def close(self) -> None:
        for image in self._built:
            self._client.images.remove(image, force=True)
        self._client.close()

    def image(self, name: str, files: Mapping[str, Path | str], *lines: str, base: str | None = None) -> str:
        """Build an image of files in /app and further lines of a Dockerfile; its URI is by its id, as never pushed."""
        reference = f"{REGISTRY}/{OWN_PREFIX}-{name}:v1"
        with tempfile.TemporaryDirectory() as context:
            for path, content in files.items():
                Path(context, path).write_text(content if isinstance(content, str) else content.read_text())
            dockerfile = "\n".join([f"FROM {base or self.base()}", "COPY . /app/", "WORKDIR /app", *lines])
            Path(context, "Dockerfile").write_text(dockerfile)
            built, _ = self._client.images.build(path=context, tag=reference, rm=True)
        self._built.append(reference)
        return f"{REGISTRY}/{OWN_PREFIX}-{name}@{built.id}"

    def containers(self, home: Path, *, all: bool = True) -> list[Any]:
        """The containers of a local runtime's home, by the label that its server gives them."""
        return list(self._client.containers.list(all=all, filters=_ours(home), ignore_removed=True))

    def networks(self, home: Path) -> list[Any]:
        return list(self._client.networks.list(filters=_ours(home)))

    def volumes(self, home: Path) -> set[str]:
        """The volumes that the containers of a home have."""
        mounts = (mount for container in self.containers(home) for mount in container.attrs["Mounts"])
        return {mount["Name"] for mount in mounts if mount["Type"] == "volume"}

    def left(self, volumes: set[str]) -> set[str]:
        """Those of the volumes that are still there."""
        return volumes & {volume.name for volume in self._client.volumes.list()}

    def base(self) -> str:
        """The name of the base image, which is in the engine now."""
        try:
            self._client.images.get(self._base)
        except ImageNotFound:
            self._client.images.load(_archive(self._base))
        return self._base


def _ours(home: Path) -> dict[str, str]:
    return {"label": f"agentcore.home={hashlib.sha256(str(home).encode()).hexdigest()[:12]}"}


def _archive(name: str) -> bytes:
    """The base image as `docker load` takes it."""
    layer, config = base_image().blobs
    manifest = json.dumps([{"Config": config.name, "RepoTags": [name], "Layers": [layer.name]}]).encode()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.add(layer, layer.name)
        archive.add(config, config.name)
        member = tarfile.TarInfo("manifest.json")
        member.size = len(manifest)
        archive.addfile(member, io.BytesIO(manifest))
    return data.getvalue()
