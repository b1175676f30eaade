"""An image on its way to a registry: what is not there yet, several blobs at once, and the manifest last."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from agentcore_cli.builders.builder import BuildWork
from agentcore_cli.builders.oci.base import Bases
from agentcore_cli.builders.oci.blobs import Blob
from agentcore_cli.builders.oci.image import MANIFEST, OciImage
from agentcore_cli.builders.oci.layers import Layer
from agentcore_cli.builders.oci.progress import TransferProgress
from agentcore_cli.builders.registry import referrers, upload
from agentcore_cli.builders.registry.access import SignIn
from agentcore_cli.builders.registry.reference import Reference
from agentcore_cli.builders.registry.registry import Registry
from agentcore_cli.builders.registry.upload import Upload
from agentcore_cli.errors import AgentcoreError

_AT_ONCE: Final = 4
_MOUNTS_TRIED: Final = 2


@dataclass(frozen=True, slots=True)
class RegistryPublisher:
    """`sign_in` is asked when the registry wants to know who pushes, and again when what it gave was refused.

    `bases` is where layers come from that are not in the store.
    """

    bases: Bases
    sign_in: Callable[[], SignIn | None]

    def publish(self, artifact: OciImage, name: str, work: BuildWork) -> str:
        """Push it as `HOST/REPOSITORY:TAG`; gives the digest of its manifest, by which it is pulled.

        The manifest comes when every blob is there: until then nothing is found under the tag. Raises ConflictError
        for a tag that is there and may not be moved.
        """
        target = Reference.of(name)
        with closing(Registry(target.host, lambda host: self.sign_in(), work.stopping)) as registry:
            is_there = registry.digest_of_tag(target.repository, target.version) == artifact.digest
            if is_there and not artifact.attestations:
                return artifact.digest
            _Push(registry, target, artifact, self.bases, work).run()
            content = artifact.manifest.encode()
            if artifact.attestations:  # first of all: under its tag it is whole
                registry.put_manifest(target.repository, artifact.digest, MANIFEST, content)
                self._attest(registry, target.repository, artifact)
            return registry.put_manifest(target.repository, target.version, MANIFEST, content)

    def _attest(self, registry: Registry, repository: str, image: OciImage) -> None:
        for each in image.attestations:
            referrers.attach(registry, repository, image.digest, each.descriptor, each.manifest.encode())


@dataclass(slots=True)
class _Push:
    registry: Registry
    target: Reference
    image: OciImage
    bases: Bases
    work: BuildWork
    _failed: bool = False

    def run(self) -> None:
        blobs = self.image.blobs
        with ThreadPoolExecutor(_AT_ONCE, "push") as threads:
            there = list(threads.map(self._is_there, blobs))
        missing = [blob for blob, is_there in zip(blobs.values(), there, strict=True) if not is_there]
        self._fetch(missing)
        progress = TransferProgress("pushing", sum(blob.size for blob in missing), self.work.tell)
        with ThreadPoolExecutor(_AT_ONCE, "push") as threads:
            under_way = [threads.submit(self._send, blob.digest, progress) for blob in missing]
            done, _ = wait(under_way, return_when=FIRST_EXCEPTION)
            failures = [error for each in done if (error := each.exception())]
            self._failed = bool(failures)  # the others stop at their next piece
        if failures:
            raise failures[0]

    def _is_there(self, digest: str) -> bool:
        repository, host = self.target.repository, self.target.host
        if self.registry.has_blob(repository, digest) or self._is_mounted(digest):
            self.bases.blobs.saw_at(digest, host, repository)
            return True
        return False

    def _is_mounted(self, digest: str) -> bool:
        """From another repository of the same registry that had it."""
        known = [name for name in self.bases.blobs.seen_at(digest, self.target.host) if name != self.target.repository]
        return any(upload.mount(self.registry, self.target.repository, digest, name) for name in known[:_MOUNTS_TRIED])

    def _fetch(self, missing: list[Blob | Layer]) -> None:
        """Layers of the base image that the registry lacks are needed here after all."""
        wanted = {blob.digest for blob in missing}
        below = [layer for layer in self.image.below if layer.digest in wanted]
        if below and self.image.base:
            self.bases.fetch(self.image.base, below, self.work)

    def _send(self, digest: str, progress: TransferProgress) -> None:
        def sent(more: int) -> None:
            if self._failed or self.work.stopping():
                raise AgentcoreError("interrupted")
            progress.add(more)

        self.bases.blobs.verify(digest)
        Upload(self.registry, self.target.repository, digest, self.bases.blobs.path(digest), sent).run()
        self.bases.blobs.saw_at(digest, self.target.host, self.target.repository)
