"""Base images: what a registry has for linux/arm64, kept in the store of blobs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Final

from agentcore_cli.builders.builder import BuildWork
from agentcore_cli.builders.images.image_limits import ARM64, require_arm64
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.builders.oci.layers import GZIP, Layer
from agentcore_cli.builders.oci.progress import TransferProgress
from agentcore_cli.builders.oci.root import BaseRoot
from agentcore_cli.builders.registry.access import Credentials
from agentcore_cli.builders.registry.reference import Reference
from agentcore_cli.builders.registry.registry import Registry, RegistryManifest, checked_digest
from agentcore_cli.errors import AgentcoreError, CredentialsError, InputError, NotFoundError

SCRATCH: Final = "scratch"
_ROOTS: Final = "roots"
_AT_ONCE: Final = 4
_INDEXES_MAX: Final = 8  # one in another is rare, more is somebody's joke
_INDEXES: Final = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_TYPES: Final[Mapping[str, str]] = {  # Docker's names of what OCI names otherwise
    "application/vnd.docker.image.rootfs.diff.tar.gzip": GZIP,
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
}


@dataclass(frozen=True)
class Base:
    """`config` is the image's own document, `digest` that of its manifest; `place` is None for `scratch`."""

    place: Reference | None
    config: Mapping[str, Any]
    layers: tuple[Layer, ...] = ()
    root: BaseRoot = field(default_factory=BaseRoot)
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Bases:
    """Where base images come from."""

    blobs: Blobs
    credentials: Credentials

    def find(self, name: str, work: BuildWork) -> Base:
        """The image of this name for linux/arm64; its layers are in the store then.

        Raises InputError for a name that leads to no image that can be built on, AgentcoreError when the registry is
        out of reach.
        """
        if name == SCRATCH:
            return Base(None, {"architecture": ARM64, "os": "linux", "config": {}, "rootfs": {"diff_ids": []}})
        place = Reference.of(name)
        with closing(Registry(place.host, self.credentials, work.stopping)) as registry:
            work.tell(f"looking up {name}")
            try:
                return self._found(registry, place, name, work)
            except NotFoundError as error:
                raise InputError(f"base image {name}: {error.message}", hint="see that name and tag exist") from error
            except CredentialsError as error:
                raise CredentialsError(f"base image {name}: {error.message}", hint=error.hint) from error
            except AgentcoreError as error:
                error.message = f"base image {name}: {error.message}"
                raise

    def fetch(self, place: Reference, layers: Sequence[Layer], work: BuildWork) -> None:
        """Bring layers that are not in the store there, several at once."""
        with closing(Registry(place.host, self.credentials, work.stopping)) as registry:
            self._fetch(registry, place, layers, work)

    def _found(self, registry: Registry, place: Reference, name: str, work: BuildWork) -> Base:
        try:
            return self._described(registry, place, self._for_arm64(registry, place), name, work)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                "what lies there is no manifest that can be read here",
                hint="take one with an OCI manifest or Docker's, version 2; or --build docker",
            ) from error

    def _described(
        self, registry: Registry, place: Reference, manifest: RegistryManifest, name: str, work: BuildWork
    ) -> Base:
        document = manifest.document
        config = self._config(registry, place, document)
        require_arm64("it", config.get("architecture", "an unknown processor"))
        diff_ids = config["rootfs"]["diff_ids"]
        described = document["layers"]
        if len(diff_ids) != len(described):
            raise InputError("its config has other layers than its manifest")
        layers = tuple(_layer(each, diff_id) for each, diff_id in zip(described, diff_ids, strict=True))
        return Base(place, config, layers, self._root(registry, place, manifest.digest, layers, work), manifest.digest)

    def _for_arm64(self, registry: Registry, place: Reference) -> RegistryManifest:
        found = registry.manifest(place.repository, place.version)
        indexes, others = [found], []
        while indexes:
            found = indexes.pop(0)
            if found.media_type not in _INDEXES and "manifests" not in found.document:
                return found
            for each in found.document["manifests"]:
                platform = each.get("platform") or {}
                if (platform.get("os"), platform.get("architecture")) == ("linux", ARM64):
                    indexes = [registry.manifest(place.repository, checked_digest(each["digest"]))]
                    break
                if each.get("mediaType") in _INDEXES and len(indexes) < _INDEXES_MAX:
                    indexes.append(registry.manifest(place.repository, checked_digest(each["digest"])))
                others += [str(platform["architecture"])] if "architecture" in platform else []
        raise InputError(
            f"it is there for {', '.join(dict.fromkeys(others)) or 'nothing'}, not for {ARM64}",
            hint="take a base image that has arm64: AgentCore runs nothing else",
        )

    def _config(self, registry: Registry, place: Reference, document: Mapping[str, Any]) -> Mapping[str, Any]:
        digest, size = checked_digest(document["config"]["digest"]), document["config"]["size"]
        if not self.blobs.has(digest, size):
            self.blobs.write(registry.blob(place.repository, digest, size))
        config: Mapping[str, Any] = json.loads(self.blobs.read(digest))
        return config

    def _root(
        self, registry: Registry, place: Reference, digest: str, layers: Sequence[Layer], work: BuildWork
    ) -> BaseRoot:
        """Read once per image; the layers themselves are needed again only where a registry does not have them."""
        key = digest.removeprefix("sha256:")
        if known := self.blobs.note(_ROOTS, key):
            return BaseRoot.of_note(known)
        self._fetch(registry, place, layers, work)
        for layer in layers:
            self.blobs.verify(layer.digest)
        work.tell("looking at the base image's folders")
        root = BaseRoot.of_layers((layer.digest, self.blobs.path(layer.digest)) for layer in layers)
        self.blobs.write_note(_ROOTS, key, root.note())
        return root

    def _fetch(self, registry: Registry, place: Reference, layers: Sequence[Layer], work: BuildWork) -> None:
        missing = [layer for layer in layers if not self.blobs.has(layer.digest, layer.size)]
        progress = TransferProgress("fetching", sum(layer.size for layer in missing), work.tell)

        def fetch(layer: Layer) -> None:
            self.blobs.write(progress.through(registry.blob(place.repository, layer.digest, layer.size)))

        with ThreadPoolExecutor(_AT_ONCE, "fetch") as threads:
            list(threads.map(fetch, missing))
        for layer in layers:
            self.blobs.saw_at(layer.digest, place.host, place.repository)


def _layer(described: Mapping[str, Any], diff_id: str) -> Layer:
    media_type = described["mediaType"]
    if "foreign" in media_type or "nondistributable" in media_type:
        raise InputError(f"the base image's layer {described['digest'][:19]} lies elsewhere", hint="take another one")
    digest = checked_digest(described["digest"])
    return Layer(_TYPES.get(media_type, media_type), digest, described["size"], diff_id, 0)
