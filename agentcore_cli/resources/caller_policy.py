"""The least that whoever deploys, looks after and destroys an agent must be allowed, by the config and the target.

From runtime-permissions and resource-based-policies (developer guide) and the service authorization reference: what has
no resource there stands on `*`, kept to the region. With the caller's rights AgentCore reads the zip of code
(runtime-code-deploy-common-issues), and makes and removes a runtime's workload identity, as others report who were
refused without (aws-samples, sample-agentic-chatbot-accelerator, #49).
"""

from __future__ import annotations

from typing import Final

from agentcore_cli import rendering
from agentcore_cli.contract import SERVICE, SERVICE_PRINCIPAL, dns_suffix, memory_arn, partition
from agentcore_cli.resources import build_catalog, code_bucket
from agentcore_cli.resources.aws_deployment import AwsDeployment
from agentcore_cli.resources.build_catalog import may_have_project
from agentcore_cli.resources.iam import build_policy
from agentcore_cli.resources.iam.policy_document import Document

# AgentCore makes these service-linked roles in an account at the first runtime, and at the first one in a VPC.
_IDENTITY: Final = f"runtime-identity.{SERVICE_PRINCIPAL}"
_NETWORK: Final = f"network.{SERVICE_PRINCIPAL}"


def policy(deployment: AwsDeployment) -> Document:
    """An IAM policy for the caller. An account that is not known may be `*`."""
    agent, region = deployment.agent, deployment.region
    where = {"partition": partition(region), "region": region, "account": deployment.account}
    domain = dns_suffix(region)
    return rendering.document(
        "iam/caller_policy.json.j2",
        **where,
        service=SERVICE_PRINCIPAL,
        linked=[_IDENTITY, _NETWORK] if agent.network else _IDENTITY,
        runtime=deployment.runtime_name,
        own_role=deployment.role_arn(deployment.own_role),
        managed_roles=_managed_roles(deployment),
        supplied_role=agent.execution_role,
        boundary=agent.permissions_boundary,
        own_repository=deployment.own_repository.arn,
        pushes_to=None if deployment.uses_codebuild else _pushes_to(deployment),
        finds_in=_pushes_to(deployment) if deployment.uses_codebuild else None,
        manages_repository=_pushes_to(deployment) == deployment.own_repository.arn or deployment.has_repository,
        bucket=code_bucket.arn_of(deployment.bucket, region) if _has_bucket(deployment) else None,
        runs_code=deployment.is_code or deployment.has_bucket,
        **_build(deployment),
        bucket_via=f"s3.{region}.{domain}",
        looks_at=_looks_at(deployment),
        key=agent.encryption_key,
        memory_via=f"{SERVICE}.{region}.{domain}",
        via=f"ecr.{region}.{domain}",
        signs=agent.authorizer is None,
        protocol=agent.protocol,
        retention=agent.log_retention,
        otel=agent.otel,
        resource_policy=deployment.may_have_policy,
        memory=deployment.grant.memory,
        makes_memory=_made_memory(deployment),
        memory_role=agent.whole_memory.execution_role if agent.whole_memory else None,
        memory_key=agent.whole_memory.encryption_key if agent.whole_memory else None,
    )


def _has_bucket(deployment: AwsDeployment) -> bool:
    return deployment.is_code or may_have_project(deployment) or deployment.has_bucket


def _managed_roles(deployment: AwsDeployment) -> list[str]:
    """The roles that deploys make."""
    own = [] if deployment.agent.execution_role else [deployment.own_role]
    builds = [deployment.build_role] if may_have_project(deployment) else []
    return [deployment.role_arn(name) for name in [*own, *builds]]


def _build(deployment: AwsDeployment) -> dict[str, str | None]:
    """What of CodeBuild's a deploy makes; nothing where nothing is built so."""
    if not may_have_project(deployment):
        return {"build_project": None}
    grant = build_catalog.grant(deployment, None)
    return {
        "build_project": grant.project,
        "build_role": deployment.role_arn(deployment.build_role),
        "build_log": grant.log,
        "build_service": build_policy.SERVICE,
    }


def _made_memory(deployment: AwsDeployment) -> str | None:
    """The pattern of the memory that a deploy makes; None where it makes none."""
    settings = deployment.agent.whole_memory
    if settings is None or settings.supplied_id:
        return None
    return memory_arn(deployment.region, deployment.account, f"{deployment.memory_name}-*")


def _pushes_to(deployment: AwsDeployment) -> str | None:
    """The repository that a deploy pushes an image to; None when it builds none."""
    source = None if deployment.finished_image else deployment.image_source
    return source.arn if source else None


def _looks_at(deployment: AwsDeployment) -> str | None:
    """The repository of an image that is used as it is; None for what is built, and for what everybody may pull."""
    source = deployment.image_source if deployment.finished_image else None
    return source.arn if source else None
