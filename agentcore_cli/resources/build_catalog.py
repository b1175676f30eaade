"""What an agent needs in AWS whose image CodeBuild builds, beside what every image needs: a bucket for the sources, a
role, a log group and a project."""

from __future__ import annotations

from agentcore_cli import keys
from agentcore_cli.aws.code_build import CodeBuild
from agentcore_cli.aws.log_events import LogEvents
from agentcore_cli.aws.log_groups import LogGroups
from agentcore_cli.aws.objects import Objects
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.aws.roles import Roles
from agentcore_cli.aws.session import AwsSession
from agentcore_cli.builders.codebuild.builder import CodeBuildBuilder
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Outputs, Resource
from agentcore_cli.resources import build_project, code_bucket, code_catalog
from agentcore_cli.resources.aws_deployment import AwsDeployment
from agentcore_cli.resources.build_log_group import BuildLogGroup
from agentcore_cli.resources.build_project import BuildProject, BuildProjectSpec
from agentcore_cli.resources.build_publisher import BuildServices, CodeBuildPublisher
from agentcore_cli.resources.iam import build_policy
from agentcore_cli.resources.iam.build_policy import BuildGrant
from agentcore_cli.resources.iam.policy_document import Document
from agentcore_cli.resources.image import Image, ImageSpec
from agentcore_cli.resources.own_role import OwnRole, RoleSpec


def wanted(deployment: AwsDeployment, session: AwsSession, builder: CodeBuildBuilder) -> list[Resource]:
    """What the image of `builder` is built with."""
    return [code_catalog.bucket(deployment, session), *parts(deployment, session, builder)]


def everything(deployment: AwsDeployment, session: AwsSession) -> list[Resource]:
    """What a destroy looks for, but for the bucket: where nothing was or is to be built so, nobody is asked."""
    if not may_have_project(deployment):
        return []
    return parts(deployment, session, None)


def may_have_project(deployment: AwsDeployment) -> bool:
    """Whether the config wants it, or a deploy has made it, by the records."""
    return deployment.uses_codebuild or deployment.has_build_project


def image(deployment: AwsDeployment, session: AwsSession, builder: CodeBuildBuilder) -> Image:
    """The image that the project pushes."""
    address = deployment.repository
    client = Repositories(session.in_region(address.region))
    registry = address.registry(deployment.account)
    services = BuildServices(CodeBuild(session), Objects(session, deployment.account), LogEvents(session), client)
    publisher = CodeBuildPublisher(
        services, deployment.build_project, deployment.bucket, address, registry, builder.concealed
    )
    spec = ImageSpec(builder, publisher, address, deployment.listener)
    needs = (keys.REPOSITORY, keys.BUCKET, keys.BUILD_PROJECT)
    return Image(spec, client, registry, depends_on=needs)


def grant(deployment: AwsDeployment, builder: CodeBuildBuilder | None) -> BuildGrant:
    """What the role of builds is for; without the builder no base image is known."""
    account, region = deployment.account, deployment.region
    return BuildGrant(
        account,
        region,
        build_project.arn_of(deployment.build_project, account, region),
        code_bucket.arn_of(deployment.bucket, region),
        build_project.SOURCES,
        deployment.agent.encryption_key,
        build_policy.log_arn(build_project.log_group_of(deployment.build_project), account, region),
        deployment.repository,
        builder.bases if builder else (),
    )


def parts(deployment: AwsDeployment, session: AwsSession, builder: CodeBuildBuilder | None) -> list[Resource]:
    """Role, log group and project; to be removed they need no builder."""
    owner, agent, group = deployment.owner, deployment.agent, build_project.log_group_of(deployment.build_project)

    def registries() -> list[EcrRepository]:
        return [deployment.repository, *(builder.bases if builder else ())]

    spec = BuildProjectSpec(deployment.build_project, owner, agent, deployment.bucket, group, registries)
    return [
        _role(deployment, session, builder),
        BuildLogGroup(group, owner, agent, LogGroups(session)),
        BuildProject(spec, CodeBuild(session)),
    ]


def _role(deployment: AwsDeployment, session: AwsSession, builder: CodeBuildBuilder | None) -> OwnRole:
    owner = deployment.owner

    def policy(outputs: Outputs) -> Document:
        return build_policy.policy(grant(deployment, builder))

    spec = RoleSpec(
        deployment.build_role,
        deployment.role_arn(deployment.build_role),
        owner,
        deployment.agent,
        f"What CodeBuild builds agent {owner.agent} of project {owner.project} as",
        build_policy.trust(grant(deployment, None)),
        policy,
    )
    return OwnRole(spec, Roles(session), keys.BUILD_ROLE)
