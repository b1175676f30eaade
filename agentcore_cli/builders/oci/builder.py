"""The builder that needs no engine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from agentcore_cli.builders.builder import BuildWork, Name
from agentcore_cli.builders.images import image, image_context
from agentcore_cli.builders.images import image_limits as runnable
from agentcore_cli.builders.images.context import Item
from agentcore_cli.builders.images.image import ImageInputs, ImageProject
from agentcore_cli.builders.oci import archive, attestations, dockerfile, provenance, sbom
from agentcore_cli.builders.oci import image as images
from agentcore_cli.builders.oci.assembly import Assembly, base_name
from agentcore_cli.builders.oci.attestations import Attestation
from agentcore_cli.builders.oci.base import Bases
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.builders.oci.dockerfile import Instruction
from agentcore_cli.builders.oci.image import OciImage
from agentcore_cli.builders.packages import packages
from agentcore_cli.builders.packages.vetting import Vet, accept, require_server
from agentcore_cli.builders.registry.access import Credentials

_FORMAT: Final = "oci 1"  # change it when the same inputs would make another image than before
_TAG_LENGTH: Final = 32
_LARGEST: Final = 50


@dataclass(frozen=True)
class OciBuilder:
    """`cache` is the folder where packages are kept between builds; `credentials` are for the base image's registry.

    `attests`: what is in the image and how it came to be are told in documents that go along with it.
    """

    project: ImageProject
    cache: Path
    blobs: Blobs
    credentials: Credentials
    vet: Vet = accept
    attests: bool = False
    name: Name = "oci"

    @cached_property
    def inputs(self) -> ImageInputs:
        return image.read(self.project)

    @cached_property
    def tag(self) -> str:
        """Another one with attestations: under a tag that is there everything is."""
        parts = (_FORMAT, self.inputs.tag, *(["sbom"] if self.attests else []))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_TAG_LENGTH]

    @property
    def labels(self) -> Mapping[str, str]:
        return self.project.labels

    @property
    def bases(self) -> Bases:
        return Bases(self.blobs, self.credentials)

    def describe(self) -> dict[str, Any]:
        attests = {"sbom": True} if self.attests else {}
        return {**self.inputs.describe(), "tag": self.tag, "builder": self.name, **attests}

    def check(self) -> None:
        """Raises InputError for a Dockerfile that an engine is needed for."""
        base_name(self._instructions, self.project.build_args)

    def build(self, work: BuildWork) -> OciImage:
        self.check()
        if known := images.recall(self.blobs, self.tag):
            return known
        self.blobs.prune()
        instructions, wanted = self._instructions, self.inputs.wanted
        base = self.bases.find(base_name(instructions, self.project.build_args), work)
        installed = packages.build(self.cache, wanted, tell=work.tell, stopping=work.stopping) if wanted else None
        items = image_context.items(self.inputs, installed)
        if installed:
            require_server(self.project.start, self.project.requirements, installed)
            self.vet(installed)
        assembly = Assembly(base, items, self.project.build_args, self.blobs, work)
        assembled = assembly.run(instructions, self.project.labels)
        made = images.whole(base, assembled, _largest(assembled.files), self.blobs)
        runnable.require_small("the image", made.size)
        if self.attests:
            made = replace(made, attestations=self._attestations(made, installed))
        images.remember(self.blobs, self.tag, made)
        return made

    def largest(self, count: int) -> list[tuple[str, int]]:
        built = images.recall(self.blobs, self.tag)
        return list(built.largest[:count]) if built else []

    def save(self, work: BuildWork, file: Path) -> OciImage:
        """As an OCI archive that `docker load` takes, too."""
        made = self.build(work)
        if made.base:
            self.bases.fetch(made.base, made.below, work)
        archive.write(made, self.blobs, file, image.reference(self.project.agent, self.tag), work)
        return made

    def _attestations(self, made: OciImage, installed: Path | None) -> tuple[Attestation, ...]:
        documents = {
            attestations.SPDX: sbom.document(self.project.agent, made, installed),
            attestations.IN_TOTO: provenance.document(self.inputs, made, installed),
        }
        return tuple(
            attestations.attestation(kind, document, made.descriptor, self.blobs)
            for kind, document in documents.items()
        )

    @cached_property
    def _instructions(self) -> list[Instruction]:
        return dockerfile.read(self.inputs.dockerfile)


def _largest(files: Mapping[str, Item]) -> tuple[tuple[str, int], ...]:
    return tuple((f"/{name}", size) for name, size in image_context.largest(files, _LARGEST))
