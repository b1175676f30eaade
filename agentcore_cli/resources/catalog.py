"""Everything that an agent needs on a target in AWS, and everything that deploys may have made there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from agentcore_cli import keys
from agentcore_cli.aws.log_groups import LogGroups
from agentcore_cli.aws.memories import MemoryControl
from agentcore_cli.aws.repositories import Repositories
from agentcore_cli.aws.roles import Roles
from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.aws.session import AwsSession
from agentcore_cli.builders.codebuild.builder import CodeBuildBuilder
from agentcore_cli.config import MemoryConfig as MemorySettings
from agentcore_cli.config import Start
from agentcore_cli.contract import EcrRepository
from agentcore_cli.engine import Outputs, Resource
from agentcore_cli.resources import (
    build_catalog,
    code_catalog,
    image,
    log_group,
    memory,
    repository,
    resource_policy,
    runtime_facts,
)
from agentcore_cli.resources.aws_deployment import AwsDeployment
from agentcore_cli.resources.code_project import with_code_path
from agentcore_cli.resources.execution_role import execution_role
from agentcore_cli.resources.image import Image, PushedImage
from agentcore_cli.resources.image_builders import publisher
from agentcore_cli.resources.image_project import with_python_path
from agentcore_cli.resources.image_retention import ImagesInUse
from agentcore_cli.resources.log_group import LogGroup
from agentcore_cli.resources.memory import Memory, SuppliedMemory
from agentcore_cli.resources.own_role import OwnRole
from agentcore_cli.resources.registry_credentials import registry_credentials
from agentcore_cli.resources.repository import Repository, SuppliedRepository
from agentcore_cli.resources.resource_policy import ResourcePolicy
from agentcore_cli.resources.runtime import Runtime
from agentcore_cli.resources.runtime_spec import RuntimeSpec
from agentcore_cli.resources.supplied_image import SuppliedImage
from agentcore_cli.resources.supplied_role import SuppliedRole
from agentcore_cli.resources.version_images import VersionImages


def wanted(deployment: AwsDeployment, session: AwsSession) -> list[Resource]:
    """What a deploy makes or looks at."""
    there = [
        *_memory(deployment, session),
        _role(deployment, session),
        *(code_catalog.wanted(deployment, session) if deployment.is_code else _image(deployment, session)),
        runtime(deployment, session),
    ]
    if deployment.agent.log_retention:
        there.append(LogGroup(_log_group_wish(deployment), LogGroups(session)))
    if deployment.may_have_policy:
        there.append(_policy(deployment, session))
    return there


def everything(deployment: AwsDeployment, session: AwsSession, *, with_supplied: bool = False) -> list[Resource]:
    """What a destroy looks for, whatever the config says now: of each kind the one that a deploy makes.

    One of those that the config names by now is somebody's choice, and stays; its runtime, with the log groups, is
    looked for only `with_supplied`.
    """
    agent, there = deployment.agent, runtime(deployment, session)
    log_groups = replace(_log_group_wish(deployment), runtime_id=_id_of(deployment, there))
    owns_role = (agent.execution_role or "").rpartition("/")[2] != deployment.own_role
    owns_repository = agent.ecr_repository is None or deployment.image_source != deployment.own_repository
    owns_runtime = agent.runtime is None or with_supplied
    return [
        *([_own_memory(deployment, session)] if deployment.memory_name else []),
        *([_own_role(deployment, session)] if owns_role else []),
        *([_own_repository(deployment, session)] if owns_repository else []),
        PushedImage(deployment.own_repository if owns_repository else None),
        *code_catalog.everything(deployment, session),
        *build_catalog.everything(deployment, session),
        *([there] if owns_runtime else []),
        *([LogGroup(log_groups, LogGroups(session))] if owns_runtime else []),
        *([_policy(deployment, session)] if owns_runtime and deployment.may_have_policy else []),
    ]


def unrecorded(deployment: AwsDeployment, session: AwsSession) -> list[Resource]:
    """What `everything` leaves out because neither config nor records know of it: that of other builders."""
    bucket = [] if code_catalog.may_have_bucket(deployment) else [code_catalog.bucket(deployment, session)]
    is_known = build_catalog.may_have_project(deployment)
    return [*bucket, *([] if is_known else build_catalog.parts(deployment, session, None))]


def _memory(deployment: AwsDeployment, session: AwsSession) -> list[Resource]:
    """The memory that the agent uses; ours, or one that the config names by its id."""
    settings = deployment.agent.whole_memory
    if settings is None:
        return []
    if settings.supplied_id:
        return [SuppliedMemory(settings.supplied_id, deployment.owner.agent, MemoryControl(session))]
    return [_own_memory(deployment, session)]


def _own_memory(deployment: AwsDeployment, session: AwsSession) -> Memory:
    assert deployment.memory_name, "asked for only where there is one"
    settings = deployment.agent.whole_memory or MemorySettings(deployment.memory_name)
    spec = memory.MemorySpec(deployment.memory_name, deployment.owner, settings, deployment.agent.tags)
    return Memory(spec, MemoryControl(session), deployment.wait_options)


def _role(deployment: AwsDeployment, session: AwsSession) -> Resource:
    agent = deployment.agent
    if agent.execution_role is None:
        return _own_role(deployment, session)
    return SuppliedRole(
        agent.execution_role,
        deployment.grant,
        deployment.owner.agent,
        Roles(session),
        deployment.listener,
        runtime_id=deployment.runtime_id,
    )


def _own_role(deployment: AwsDeployment, session: AwsSession) -> OwnRole:
    return execution_role(deployment.own_role, deployment.owner, deployment.grant, Roles(session))


def _image(deployment: AwsDeployment, session: AwsSession) -> list[Resource]:
    """The image, with the repository that it is pushed to unless it is in ECR already."""
    if deployment.supplied_image:
        return [_supplied_image(deployment, deployment.supplied_image, session)]
    address = deployment.repository
    client = Repositories(session.in_region(address.region))
    builder = deployment.builder(
        registry_credentials(lambda region: Repositories(session.in_region(region)).authorization())
    )
    if isinstance(builder, CodeBuildBuilder):
        return [
            _repository(deployment, session, lambda: builder.tag),
            *build_catalog.wanted(deployment, session, builder),
            build_catalog.image(deployment, session, builder),
        ]
    spec = image.ImageSpec(builder, publisher(builder, client), address, deployment.listener)
    return [
        _repository(deployment, session, lambda: builder.tag),
        Image(spec, client, address.registry(deployment.account)),
    ]


def _supplied_image(deployment: AwsDeployment, uri: str, session: AwsSession) -> SuppliedImage:
    address = deployment.image_source
    client = Repositories(session.in_region(address.region) if address else session)
    registry = address.registry(deployment.account) if address else None
    launches = bool(deployment.agent.stored_secrets)
    return SuppliedImage(uri, address, client, registry, deployment.artifact, deployment.listener, launches)


def _repository(deployment: AwsDeployment, session: AwsSession, tag: Callable[[], str]) -> Resource:
    """`tag` is that of the image which is pushed to it."""
    agent = deployment.agent
    if agent.ecr_repository is None:
        return _own_repository(deployment, session, with_images=True, first_tag=tag)
    address = deployment.repository
    client = Repositories(session.in_region(address.region))
    return SuppliedRepository(address, deployment.owner.agent, client, deployment.listener)


def _own_repository(
    deployment: AwsDeployment,
    session: AwsSession,
    *,
    with_images: bool = False,
    first_tag: Callable[[], str] | None = None,
) -> Repository:
    """`with_images`: what is in it is looked at, too."""
    address, client = deployment.own_repository, Repositories(session)
    find = _id_of(deployment, runtime(deployment, session))
    spec = repository.RepositorySpec(address, deployment.owner, deployment.agent, find, first_tag)
    return Repository(spec, client, ImagesInUse(address, RuntimeControl(session)) if with_images else None)


def images(deployment: AwsDeployment, session: AwsSession) -> VersionImages:
    """The images of the versions of the agent's runtime, wherever they are."""
    own = _own_repository(deployment, session, with_images=True)
    here = EcrRepository(deployment.account, deployment.region, "")
    return VersionImages(own, here, lambda region: Repositories(session.in_region(region)), deployment.listener)


def runtime(deployment: AwsDeployment, session: AwsSession) -> Runtime:
    """The agent's runtime alone."""
    environment = _adapted(deployment)
    spec = RuntimeSpec(
        name=deployment.runtime_name,
        owner=deployment.owner,
        agent=deployment.agent,
        role=lambda outputs: outputs[keys.ROLE]["arn"],
        artifact=code_catalog.artifact(deployment, session) if deployment.is_code else _image_artifact,
        region=deployment.region,
        secrets=deployment.agent.stored_secrets,
        environment=environment(deployment.environment),
        given=environment(deployment.overrides.environment),
        given_before=deployment.given_before,
        believes_tags=not deployment.overrides.refresh,
        supplied_id=deployment.agent.runtime,
        memory=memory.variables if deployment.agent.memory else None,
        keeps=lambda uri, runtime_id: images(deployment, session).own.keep(uri, runtime_id),
    )
    depends_on = (keys.MEMORY, keys.ROLE, keys.IMAGE, keys.CODE)
    return Runtime(keys.RUNTIME, spec, RuntimeControl(session), deployment.wait_options, depends_on=depends_on)


def _image_artifact(outputs: Outputs) -> Mapping[str, Any]:
    return runtime_facts.image_artifact(outputs[keys.IMAGE]["uri"])


def _adapted(deployment: AwsDeployment) -> Callable[[Mapping[str, str]], dict[str, str]]:
    """What makes variables fit the place of the code; for an image of somebody else's they are as they were said."""
    if deployment.finished_image:
        return dict
    start = Start.of(deployment.agent.entrypoint, deployment.agent.protocol, deployment.root)
    if deployment.is_code:
        return partial(with_code_path, start)
    return partial(with_python_path, deployment.root, deployment.owner.agent, deployment.agent, start)


def _log_group_wish(deployment: AwsDeployment) -> log_group.LogGroupSpec:
    return log_group.LogGroupSpec(
        deployment.runtime_name, deployment.owner, deployment.agent, deployment.account, deployment.region
    )


def _policy(deployment: AwsDeployment, session: AwsSession) -> ResourcePolicy:
    agent = deployment.agent
    spec = resource_policy.ResourcePolicySpec(
        deployment.root / agent.resource_policy if agent.resource_policy else None,
        deployment.runtime_name,
        deployment.account,
        deployment.region,
        _id_of(deployment, runtime(deployment, session)),
        takes_tokens=agent.authorizer is not None,
    )
    return ResourcePolicy(spec, RuntimeControl(session))


def _id_of(deployment: AwsDeployment, runtime: Runtime) -> Callable[[], str | None]:
    """Gives the id of our runtime: that of the config or the records, else found by its name and tags."""

    def find() -> str | None:
        if deployment.runtime_id:
            return deployment.runtime_id
        found = runtime.read(None)
        return found.outputs["id"] if found and not found.refusal else None

    return find
