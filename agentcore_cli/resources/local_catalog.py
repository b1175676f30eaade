"""Everything that an agent needs on the local runtime: its code or its image, and the runtime."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from agentcore_cli import keys, names
from agentcore_cli.aws.memories import MemoryControl
from agentcore_cli.aws.runtimes import RuntimeControl
from agentcore_cli.aws.session import AwsSession
from agentcore_cli.builders.bundles.mounts import StorageMount
from agentcore_cli.builders.bundles.store import BundleStore
from agentcore_cli.builders.images.docker_builder import DockerBuilder, FinishedImage
from agentcore_cli.builders.zip.start import OTEL as LAUNCHER
from agentcore_cli.config import MemoryConfig as MemorySettings
from agentcore_cli.config import Start
from agentcore_cli.contract import (
    LOCAL_ACCOUNT,
    LOCAL_DEBUGGER,
    LOCAL_NETWORK,
    LOCAL_ROLE,
    TAG_EXTRACTION,
    EcrRepository,
    is_in_ecr,
)
from agentcore_cli.engine import Outputs, Resource
from agentcore_cli.errors import InputError
from agentcore_cli.rendering import OTEL_DISTRO
from agentcore_cli.resources import memory, runtime_facts
from agentcore_cli.resources.deployment import Deployment
from agentcore_cli.resources.image_project import image_project, with_python_path
from agentcore_cli.resources.local_image import LocalImage
from agentcore_cli.resources.memory import Memory
from agentcore_cli.resources.runtime import Runtime
from agentcore_cli.resources.runtime_spec import RuntimeSpec
from agentcore_cli.resources.source_bundle import BundleProject, SourceBundle

# An editor finds the session at this machine's own address; the debugger need not say how modules are frozen.
_DEBUGGED: Final = {LOCAL_NETWORK: "shared", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


@dataclass(frozen=True, kw_only=True)
class LocalDeployment(Deployment):
    """One agent on the local runtime. `mounts` are what its sessions see of this machine besides."""

    store: BundleStore
    mounts: tuple[StorageMount, ...] = ()

    @property
    def repository(self) -> EcrRepository:
        """Where an image that is built here would be in ECR: a name, and nothing more."""
        owner = self.owner
        return EcrRepository(
            LOCAL_ACCOUNT, self.region, names.repository_name(owner.agent, owner.project, owner.target)
        )

    @property
    def named_repository(self) -> EcrRepository:
        """The same for an image that the engine has under a name of the user's; what is built is never taken for it."""
        return self.repository._replace(name=f"{self.repository.name}/named")

    @property
    def runs_image(self) -> bool:
        """Whether an image is built: as said, else as it was before."""
        if self.overrides.build is not None:
            return self.overrides.build == "docker"
        return (self.artifact or "").startswith(f"{self.repository.uri}@")

    @property
    def start(self) -> Start:
        return Start.of(self.agent.entrypoint, self.agent.protocol, self.root)


def wanted(deployment: LocalDeployment, session: AwsSession) -> list[Resource]:
    """What a deploy makes or looks at. Raises InputError for an extraction of the project's own that can't run."""
    _check_extraction(deployment)
    memories = [_memory(deployment, session)] if deployment.agent.memory else []
    return [*memories, *_artifacts(deployment), runtime(deployment, session)]


def _artifacts(deployment: LocalDeployment) -> list[Resource]:
    if deployment.overrides.image:
        return [] if is_in_ecr(deployment.overrides.image) else [_named_image(deployment, deployment.overrides.image)]
    return [_image(deployment) if deployment.runs_image else _bundle(deployment)]


def everything(deployment: LocalDeployment, session: AwsSession, *, may_have_image: bool) -> list[Resource]:
    """What a destroy looks for; for images only where deploys may have built some, since that takes an engine."""
    image = [_image(deployment)] if may_have_image else []
    memories = [_memory(deployment, session)] if deployment.memory_name else []
    return [*memories, _bundle(deployment), *image, runtime(deployment, session)]


def _memory(deployment: LocalDeployment, session: AwsSession) -> Memory:
    """Ours; for one that the config names by its id that one, if it is here, and else ours in its place."""
    assert deployment.memory_name, "asked for only where there is one"
    settings = deployment.agent.whole_memory or MemorySettings(deployment.memory_name)
    extraction = {TAG_EXTRACTION: settings.local_extraction} if settings.local_extraction else {}
    tags = {**deployment.agent.tags, **extraction}
    spec = memory.MemorySpec(
        deployment.memory_name, deployment.owner, settings, tags, stands_in_for=settings.supplied_id
    )
    return Memory(spec, MemoryControl(session), deployment.wait_options)


def _check_extraction(deployment: LocalDeployment) -> None:
    settings = deployment.agent.whole_memory
    file = settings.local_extraction if settings else None
    if file is None:
        return
    where = f"agents.{deployment.owner.agent}.memory.local_extraction"
    if not (deployment.root / file).is_file():
        raise InputError(f"{where}: {file}: there is no such file in {deployment.root}")
    if deployment.runs_image or deployment.overrides.image:
        raise InputError(
            f"{where}: it runs beside an agent that runs as code, and this one runs as an image",
            hint="take it out, or deploy without an image",
        )


def runtime(deployment: LocalDeployment, session: AwsSession) -> Runtime:
    """The agent's runtime alone."""
    start = deployment.start
    own_image = deployment.runs_image and not deployment.overrides.image
    environment = partial(with_python_path, deployment.root, deployment.owner.agent, deployment.agent, start)
    debugged = _DEBUGGED if deployment.overrides.debug else {}
    spec = RuntimeSpec(
        name=names.local_runtime_name(deployment.owner.agent, deployment.owner.project),
        owner=deployment.owner,
        agent=deployment.agent,
        role=lambda outputs: LOCAL_ROLE,
        artifact=_artifact_of(deployment),
        region=deployment.region,
        environment={**(environment(deployment.environment) if own_image else deployment.environment), **debugged},
        given=environment(deployment.overrides.environment) if own_image else deployment.overrides.environment,
        given_before=deployment.given_before,
        memory=memory.variables if deployment.agent.memory else None,
        foresees=deployment.overrides.foresees,
    )
    depends_on = (keys.MEMORY, keys.SOURCE, keys.IMAGE)
    return Runtime(keys.RUNTIME, spec, RuntimeControl(session), deployment.wait_options, depends_on=depends_on)


def _artifact_of(deployment: LocalDeployment) -> Callable[[Outputs], Mapping[str, Any]]:
    if deployment.overrides.image:
        if not is_in_ecr(deployment.overrides.image):
            return _named_image(deployment, deployment.overrides.image).artifact
        given = runtime_facts.image_artifact(deployment.overrides.image)
        return lambda outputs: given
    if deployment.runs_image:
        return _image(deployment).artifact
    entry_point = deployment.start.entry_point
    if deployment.overrides.debug is not None:
        listen = f"--listen {deployment.overrides.debug} --wait-for-client"
        entry_point = ("-m", f"{LOCAL_DEBUGGER} {listen} {shlex.join(deployment.start.argv)}")
        return _bundle(deployment).artifact(entry_point)
    if deployment.agent.otel:  # of a module with its arguments one text, as AgentCore takes two at most
        entry_point = (LAUNCHER, " ".join(entry_point))
    return _bundle(deployment).artifact(entry_point)


def _bundle(deployment: LocalDeployment) -> SourceBundle:
    agent, start = deployment.agent, deployment.start
    project = BundleProject(
        root=deployment.root,
        requirements=agent.requirements,
        python=agent.python,
        start=start.argv,
        entry=start.file,
        path=start.path,
        resolved=deployment.resolved,
        mounts=deployment.mounts,
        extra=(*((OTEL_DISTRO,) if agent.otel else ()), *((LOCAL_DEBUGGER,) if deployment.overrides.debug else ())),
    )
    return SourceBundle(project, deployment.store, deployment.listener, deployment.vet)


def _image(deployment: LocalDeployment) -> LocalImage:
    owner = deployment.owner
    project = image_project(deployment.root, owner.agent, deployment.agent, owner.tags, deployment.resolved)
    return LocalImage(DockerBuilder(project, deployment.packages, deployment.vet), deployment.repository)


def _named_image(deployment: LocalDeployment, name: str) -> LocalImage:
    return LocalImage(FinishedImage(name), deployment.named_repository)
