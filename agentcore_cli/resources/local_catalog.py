"""Everything that an agent needs on the local runtime: its code or its image, and the runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agentcore_cli import keys, names
from agentcore_cli.aws.memories import Memories
from agentcore_cli.aws.runtimes import Runtimes
from agentcore_cli.aws.session import Session
from agentcore_cli.builders.mounts import Mount
from agentcore_cli.builders.store import Store
from agentcore_cli.config import Agent, Start
from agentcore_cli.config import Memory as MemorySettings
from agentcore_cli.contract import LOCAL_ACCOUNT, LOCAL_ROLE, EcrRepository, is_in_ecr
from agentcore_cli.engine import Outputs, Resource
from agentcore_cli.events import Listener
from agentcore_cli.resources import memory, runtime_facts
from agentcore_cli.resources.image_project import image_project, with_python_path
from agentcore_cli.resources.image_source import BuiltImage, FinishedImage
from agentcore_cli.resources.local_image import LocalImage
from agentcore_cli.resources.memory import Memory
from agentcore_cli.resources.ownership import Owner
from agentcore_cli.resources.patience import Patience
from agentcore_cli.resources.runtime import Runtime, Wish
from agentcore_cli.resources.source_bundle import Project, SourceBundle


@dataclass(frozen=True, slots=True)
class LocalDeployment:
    """One agent on the local runtime. `root` is the project's folder.

    `build` is how it is to be made ready, None for as it runs already; `image` is one that is there. `artifact` is what
    runs now, `resolved` what the requirements were resolved to by `deploy --upgrade`. `environment` is the config's,
    `given` and `given_before` are the variables of `--env` (see `runtime.Wish`). Images' dependencies are kept in
    `packages`. `memory_name` is that of the memory that deploys make, by the config or the records.
    """

    root: Path
    agent: Agent
    owner: Owner
    region: str
    environment: Mapping[str, str]
    given: Mapping[str, str]
    given_before: frozenset[str] | None
    build: str | None
    image: str | None
    artifact: str | None
    resolved: str
    store: Store
    packages: Path
    patience: Patience
    listener: Listener = field(repr=False)
    mounts: tuple[Mount, ...] = ()
    memory_name: str | None = None

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
        if self.build is not None:
            return self.build == "docker"
        return (self.artifact or "").startswith(f"{self.repository.uri}@")

    @property
    def start(self) -> Start:
        return Start.of(self.agent.entrypoint, self.agent.protocol, self.root)


def wanted(deployment: LocalDeployment, session: Session) -> list[Resource]:
    """What a deploy makes or looks at."""
    memories = [_memory(deployment, session)] if deployment.agent.memory else []
    return [*memories, *_artifacts(deployment), runtime(deployment, session)]


def _artifacts(deployment: LocalDeployment) -> list[Resource]:
    if deployment.image:
        return [] if is_in_ecr(deployment.image) else [_named_image(deployment, deployment.image)]
    return [_image(deployment) if deployment.runs_image else _bundle(deployment)]


def everything(deployment: LocalDeployment, session: Session, *, may_have_image: bool) -> list[Resource]:
    """What a destroy looks for; for images only where deploys may have built some, since that takes an engine."""
    image = [_image(deployment)] if may_have_image else []
    memories = [_memory(deployment, session)] if deployment.memory_name else []
    return [*memories, _bundle(deployment), *image, runtime(deployment, session)]


def _memory(deployment: LocalDeployment, session: Session) -> Memory:
    """Ours; for one that the config names by its id that one, if it is here, and else ours in its place."""
    assert deployment.memory_name, "asked for only where there is one"
    settings = deployment.agent.whole_memory or MemorySettings(deployment.memory_name)
    wish = memory.Wish(
        deployment.memory_name, deployment.owner, settings, deployment.agent.tags, stands_in_for=settings.given_id
    )
    return Memory(wish, Memories(session), deployment.patience)


def runtime(deployment: LocalDeployment, session: Session) -> Runtime:
    """The agent's runtime alone."""
    start = deployment.start
    own_image = deployment.runs_image and not deployment.image
    environment = partial(with_python_path, deployment.root, deployment.owner.agent, deployment.agent, start)
    wish = Wish(
        name=names.local_runtime_name(deployment.owner.agent, deployment.owner.project),
        owner=deployment.owner,
        agent=deployment.agent,
        role=lambda outputs: LOCAL_ROLE,
        artifact=_artifact_of(deployment),
        region=deployment.region,
        environment=environment(deployment.environment) if own_image else deployment.environment,
        given=environment(deployment.given) if own_image else deployment.given,
        given_before=deployment.given_before,
        memory=memory.variables if deployment.agent.memory else None,
    )
    depends_on = (keys.MEMORY, keys.SOURCE, keys.IMAGE)
    return Runtime(keys.RUNTIME, wish, Runtimes(session), deployment.patience, depends_on=depends_on)


def _artifact_of(deployment: LocalDeployment) -> Callable[[Outputs], Mapping[str, Any]]:
    if deployment.image:
        if not is_in_ecr(deployment.image):
            return _named_image(deployment, deployment.image).artifact
        given = runtime_facts.image_artifact(deployment.image)
        return lambda outputs: given
    if deployment.runs_image:
        return _image(deployment).artifact
    return _bundle(deployment).artifact(deployment.start.entry_point)


def _bundle(deployment: LocalDeployment) -> SourceBundle:
    agent, start = deployment.agent, deployment.start
    project = Project(
        root=deployment.root,
        requirements=agent.requirements,
        python=agent.python,
        start=start.argv,
        entry=start.file,
        path=start.path,
        resolved=deployment.resolved,
        mounts=deployment.mounts,
    )
    return SourceBundle(project, deployment.store, deployment.listener)


def _image(deployment: LocalDeployment) -> LocalImage:
    owner = deployment.owner
    project = image_project(deployment.root, owner.agent, deployment.agent, owner.tags, deployment.resolved)
    return LocalImage(BuiltImage(project, deployment.packages), deployment.repository)


def _named_image(deployment: LocalDeployment, name: str) -> LocalImage:
    return LocalImage(FinishedImage(name), deployment.named_repository)
