"""Which builder makes an agent's image for AWS, and which publisher pushes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agentcore_cli.builders.builder import Publisher
from agentcore_cli.builders.choice import Choice
from agentcore_cli.builders.codebuild.builder import CodeBuildBuilder
from agentcore_cli.builders.images.docker_builder import DockerBuilder, DockerPublisher, FinishedImage
from agentcore_cli.builders.images.image import ImageProject
from agentcore_cli.builders.oci.blobs import Blobs
from agentcore_cli.builders.oci.builder import OciBuilder
from agentcore_cli.builders.oci.push import RegistryPublisher
from agentcore_cli.builders.packages.vetting import Vet, accept
from agentcore_cli.builders.registry.access import Credentials, SignIn
from agentcore_cli.contract import TAG_AGENT, TAG_PROJECT
from agentcore_cli.resources.ownership import Owner

if TYPE_CHECKING:  # a build stops before AWS: it does not wait for boto3
    from agentcore_cli.aws.repositories import Repositories

LocalBuilder = DockerBuilder | FinishedImage | OciBuilder
ImageBuilder = LocalBuilder | CodeBuildBuilder


def image_labels(owner: Owner) -> dict[str, str]:
    """Those of images for AWS, the same for all targets."""
    return {TAG_PROJECT: owner.project, TAG_AGENT: owner.agent}


def image_builder(
    choice: Choice,
    project: ImageProject,
    cache: Path,
    blobs: Blobs,
    archives: Path,
    credentials: Credentials,
    vet: Vet = accept,
    *,
    attests: bool = False,
) -> DockerBuilder | OciBuilder | CodeBuildBuilder:
    """What makes the image; `credentials` are for the registry of the base image, `vet` looks at its packages.

    `attests`: what is in it, and how it came to be, goes along with an image of oci.
    """
    if choice.builder == "codebuild":
        return CodeBuildBuilder(project, archives)
    if choice.builder == "oci":
        return OciBuilder(project, cache, blobs, credentials, vet, attests)
    return DockerBuilder(project, cache, vet)


def publisher(builder: LocalBuilder, client: Repositories) -> Publisher[Any]:
    """What pushes that builder's images; `client` is of the repository's region."""

    def sign_in() -> SignIn:
        signed_in = client.authorization()
        return SignIn(signed_in.user, signed_in.password)

    return RegistryPublisher(builder.bases, sign_in) if isinstance(builder, OciBuilder) else DockerPublisher(sign_in)
