"""One agent on a target in AWS: the names of what is made for it, and what is used instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agentcore_cli import names
from agentcore_cli.builders.images.docker_builder import FinishedImage
from agentcore_cli.builders.registry.access import Credentials
from agentcore_cli.contract import EcrRepository, is_in_ecr, is_in_private_ecr, memory_arn, partition
from agentcore_cli.resources.deployment import Deployment
from agentcore_cli.resources.iam.execution_policy import Grant
from agentcore_cli.resources.image_builders import ImageBuilder, image_builder, image_labels
from agentcore_cli.resources.image_project import image_project


@dataclass(frozen=True, kw_only=True)
class AwsDeployment(Deployment):
    """One agent on a target in AWS. `runtime_id` is that of the config or the records, `memory_id` that of the records.

    `has_repository`, `has_bucket`, `has_build_project`, `has_policy`: a deploy has made one, by the records. `archives`
    is where zips are kept.
    """

    account: str
    runtime_name: str
    runtime_id: str | None
    memory_id: str | None
    archives: Path
    has_repository: bool
    has_bucket: bool
    has_build_project: bool
    has_policy: bool

    @property
    def finished_image(self) -> str | None:
        """The image that is used as it is, from the command line or the config: in ECR, or in the engine here."""
        return self.overrides.image or self.agent.image

    @property
    def supplied_image(self) -> str | None:
        """That image, if it is in ECR already."""
        return self.finished_image if self.finished_image and is_in_ecr(self.finished_image) else None

    @property
    def is_code(self) -> bool:
        """Whether the agent runs from a zip in S3."""
        return self._build == "zip"

    @property
    def uses_codebuild(self) -> bool:
        """Whether CodeBuild builds the image."""
        return self._build == "codebuild"

    @property
    def _build(self) -> str | None:
        return None if self.finished_image else self.overrides.build or self.agent.build

    @property
    def build_project(self) -> str:
        """The name of the CodeBuild project that a deploy makes."""
        owner = self.owner
        return names.build_project_name(owner.agent, owner.project, owner.target)

    @property
    def build_role(self) -> str:
        """The name of the role that builds work as."""
        owner = self.owner
        return names.build_role_name(owner.agent, owner.project, owner.target, self.region)

    @property
    def bucket(self) -> str:
        """The bucket of the zips and the sources."""
        owner = self.owner
        return names.bucket_name(owner.agent, owner.project, owner.target, self.account, self.region)

    @property
    def own_role(self) -> str:
        """The name of the role that a deploy makes."""
        owner = self.owner
        return names.role_name(owner.agent, owner.project, owner.target, self.region)

    def role_arn(self, name: str) -> str:
        """Of a role of ours."""
        return f"arn:{partition(self.region)}:iam::{self.account}:role{self.agent.role_path}{name}"

    @property
    def own_repository(self) -> EcrRepository:
        owner = self.owner
        return EcrRepository(self.account, self.region, names.repository_name(owner.agent, owner.project, owner.target))

    @property
    def image_source(self) -> EcrRepository | None:
        """Where the image is pulled from; None where everybody may pull, and where there is none."""
        if self.is_code:
            return None
        if self.supplied_image:
            is_private = is_in_private_ecr(self.supplied_image)
            return EcrRepository.of(self.supplied_image, self.account, self.region) if is_private else None
        return self.repository

    @property
    def repository(self) -> EcrRepository:
        """Where an image of this machine is pushed to."""
        if self.agent.ecr_repository:
            return EcrRepository.of(self.agent.ecr_repository, self.account, self.region)
        return self.own_repository

    def builder(self, credentials: Credentials) -> ImageBuilder:
        """What makes the image that is pushed. It is the same for all targets, so that they run the same image.

        `credentials` are for the registry of the base image.
        """
        if self.finished_image:
            return FinishedImage(self.finished_image)
        project = image_project(self.root, self.owner.agent, self.agent, self.image_labels, self.resolved)
        attests = self.overrides.wants_sbom(self.agent)
        return image_builder(
            self.choice, project, self.packages, self.blobs, self.archives, credentials, self.vet, attests=attests
        )

    @property
    def may_have_policy(self) -> bool:
        """Whether the config wants a policy of the runtime, or a deploy has put one there."""
        return self.has_policy or self.agent.resource_policy is not None

    @property
    def image_labels(self) -> dict[str, str]:
        return image_labels(self.owner)

    @property
    def grant(self) -> Grant:
        """What the agent's role is for."""
        return Grant(
            self.agent,
            self.runtime_name,
            self.account,
            self.region,
            self.image_source,
            self.root / self.agent.role_policy if self.agent.role_policy else None,
            self.own_repository if self.has_repository and self.image_source != self.own_repository else None,
            self._memory_arn,
        )

    @property
    def _memory_arn(self) -> str | None:
        """The memory that the agent uses: its ARN, or before it is made the pattern of it."""
        settings = self.agent.whole_memory
        if settings is None:
            return None
        return memory_arn(self.region, self.account, settings.supplied_id or self.memory_id or f"{self.memory_name}-*")
