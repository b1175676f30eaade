"""Which object gets which: the composition root. It makes objects, does no work and catches nothing.

Every function imports what it makes, so that a verb loads only the rooms it needs: a local `invoke` loads no boto3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from agentcore_cli import keys, names
from agentcore_cli.contract import LOCAL_NETWORK, LOCAL_REACHABLE, LOCAL_REGION
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from agentcore_cli.aws.data_plane import DataPlane
    from agentcore_cli.aws.identity import Identity
    from agentcore_cli.aws.memories import Memories
    from agentcore_cli.aws.memory_contents import MemoryContents
    from agentcore_cli.aws.runtimes import Runtime as Version
    from agentcore_cli.aws.runtimes import Runtimes
    from agentcore_cli.aws.session import Access, Session
    from agentcore_cli.builders.requirements import Requirements
    from agentcore_cli.builders.store import Store
    from agentcore_cli.config import Agent, Build, Loaded, Target
    from agentcore_cli.engine import Journal, Resource
    from agentcore_cli.events import Listener
    from agentcore_cli.local.client import LocalRuntime
    from agentcore_cli.local.home import Home
    from agentcore_cli.resources.catalog import Deployment
    from agentcore_cli.resources.earlier_version import EarlierVersion
    from agentcore_cli.resources.local_catalog import LocalDeployment
    from agentcore_cli.resources.ownership import Owner
    from agentcore_cli.resources.patience import Patience
    from agentcore_cli.resources.runtime import Runtime
    from agentcore_cli.state import Deployed, State


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was said for one command beside the config: variables, an image instead of building, how to build.

    Without `refresh` the records are believed where nothing has changed here. `resolved` stands for what the
    requirements were resolved to just now, None for as they were before.
    """

    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    image: str | None = None
    refresh: bool = True
    build: Build | None = None
    resolved: str | None = None


class Selection(Protocol):
    """Which agent and target it is about."""

    @property
    def loaded(self) -> Loaded: ...

    @property
    def agent_name(self) -> str: ...

    @property
    def agent(self) -> Agent: ...

    @property
    def target_name(self) -> str: ...

    @property
    def target(self) -> Target: ...

    @property
    def state(self) -> State: ...

    @property
    def is_local(self) -> bool: ...

    def deploy_command(self) -> str: ...

    def agreed_endpoint(self) -> str | None: ...


def deployed(selected: Selection) -> Deployed:
    """What is deployed on the target. Raises NotFoundError (4), with the target where it is deployed."""
    return selected.state.require(selected.agent_name, selected.deploy_command())


def data_plane(selected: Selection, *, timeout: float, bearer: str | None = None) -> DataPlane:
    """The client that invokes; `timeout` is how long the agent may be silent, in seconds."""
    chosen = deployed(selected).region
    if selected.is_local:
        return local_data_plane(chosen, timeout=timeout, bearer=bearer)
    endpoint = selected.agreed_endpoint()
    return aws_data_plane(chosen, selected.target, endpoint=endpoint, timeout=timeout, bearer=bearer)


def local_data_plane(region: str, *, timeout: float, bearer: str | None = None) -> DataPlane:
    """The local runtime's, signed with its own key or with a token; starts the server if need be."""
    from agentcore_cli.aws.data_plane import DataPlane
    from agentcore_cli.aws.signing import Bearer, LocalKey
    from agentcore_cli.local import daemon

    server = daemon.ensure_running(home())
    key = LocalKey(server.key, region)
    return DataPlane(server.url, Bearer(bearer) if bearer else key, timeout)


def aws_data_plane(
    region: str, target: Target, *, endpoint: str | None, timeout: float, bearer: str | None = None
) -> DataPlane:
    """AWS's, signed with the target's credentials, which are looked up when they are needed, or with a token.

    `endpoint` replaces AWS's address; the person has agreed to it.
    """
    from functools import partial

    from agentcore_cli.aws import credentials, endpoints
    from agentcore_cli.aws.data_plane import DataPlane
    from agentcore_cli.aws.signing import Bearer
    from agentcore_cli.aws.sigv4 import SigV4

    find = partial(credentials.find, target.profile, region, assume_role=target.assume_role)
    url = endpoint or endpoints.data_plane_url(region)
    return DataPlane(url, Bearer(bearer) if bearer else SigV4(find, region), timeout)


def local_runtime(selected: Selection) -> LocalRuntime:
    """The client of the local server's own extension; starts the server if need be."""
    from agentcore_cli.local import daemon
    from agentcore_cli.local.client import LocalRuntime

    _require_local(selected)
    return LocalRuntime(daemon.ensure_running(home()))


def home() -> Home:
    """The local runtime's folder. Raises InputError when it can't be used."""
    from agentcore_cli.local.home import Home

    return Home.default().check()


def region(selected: Selection) -> str:
    """The target's region; on the local runtime, that of what is deployed already, which is found in no other.

    Raises InputError when nothing names a region of AWS, or another one than that where the agent is.
    """
    there = selected.state.region(selected.agent_name)
    if selected.is_local:
        return there or selected.target.region or LOCAL_REGION
    wanted = selected.target.region
    if wanted is None:
        raise InputError(
            f"target {selected.target_name}: no region, neither in the config nor in the profile or the environment",
            hint=f"give --region us-west-2, or set targets.{selected.target_name}.region",
        )
    if there and there != wanted:
        raise InputError(
            f"target {selected.target_name}: region {wanted}, but {selected.agent_name} is deployed in {there}",
            hint=f"give --region {there} (destroy moves it away), or give {wanted} a target of its own",
        )
    return wanted


def session(selected: Selection, *, must_start: bool = False) -> Session:
    """The boto3 session of the target; the caller closes it. `must_start`: see `locator`."""
    from agentcore_cli.aws.session import Session

    return Session(locator(selected, must_start=must_start))


def session_in(region: str, profile: str | None) -> Session:
    """A boto3 session of AWS itself, where no target is chosen yet; the caller closes it."""
    from agentcore_cli.aws.session import Access, Session

    return Session(lambda: Access(region, profile=profile))


def locator(selected: Selection, *, must_start: bool = False) -> Callable[[], Access]:
    """What says where the target's services are now; it starts the local runtime if need be.

    With `must_start` that leads no endpoint to a version of this session's making that does not start.
    Raises UntrustedError for an address of the config that the person has not agreed to.
    """
    from agentcore_cli.aws.session import Access
    from agentcore_cli.local import daemon

    chosen = region(selected)
    if not selected.is_local:
        target = selected.target
        access = Access(chosen, url=selected.agreed_endpoint(), profile=target.profile, assume_role=target.assume_role)
        return lambda: access

    def locate() -> Access:
        server = daemon.ensure_running(home())
        return Access(
            chosen,
            url=server.url,
            access_key=server.access_key,
            secret_key=server.secret_key,
            must_start=must_start,
        )

    return locate


def runtimes(session: Session) -> Runtimes:
    from agentcore_cli.aws.runtimes import Runtimes

    return Runtimes(session)


def memories(session: Session) -> Memories:
    from agentcore_cli.aws.memories import Memories

    return Memories(session)


def memory_contents(session: Session, memory_id: str) -> MemoryContents:
    from agentcore_cli.aws.memory_contents import MemoryContents

    return MemoryContents(session, memory_id)


def memory_imports() -> Path:
    """Where it is kept how far imports of memories have come."""
    return home().root / "memory-imports"


def memory_name(selected: Selection) -> str | None:
    """The name that the agent's own memory has on the target: by the config, else as the records have it."""
    settings = selected.agent.whole_memory
    if settings is None or (settings.given_id and not selected.is_local):
        return _recorded_memory(selected).get("name")
    if selected.is_local:
        return names.local_memory_name(settings.label, selected.loaded.config.project)
    is_default = selected.target_name == selected.loaded.config.default_aws_target
    return names.memory_name(settings.label, selected.target_name, is_default=is_default)


def store() -> Store:
    """Where bundles and environments for the local runtime are kept."""
    from agentcore_cli.builders.store import Store

    return Store(home().artifacts, home().environments)


def installed_packages(selected: Selection, requirements: Requirements, build: str | None) -> Path | None:
    """The folder of the packages that were installed for the agent's last artifact; None when they are not here."""
    from agentcore_cli.builders import code_inputs, environment, interpreters
    from agentcore_cli.builders.packages import Wanted
    from agentcore_cli.rendering import OTEL_DISTRO

    agent = selected.agent
    if selected.is_local and build != "docker" and selected.state.record(selected.agent_name, "source"):
        key = environment.key_of(requirements, interpreters.find(agent.python))
        there = environment.find(home().environments, key)
        return there.packages if there else None
    extra = (OTEL_DISTRO,) if agent.otel else ()
    is_code = not selected.is_local and (build or agent.build) == "zip"
    wanted = code_inputs.wanted if is_code else Wanted
    folder = home().packages / wanted(requirements, agent.python, extra).key
    return folder if folder.is_dir() else None


def journal(selected: Selection) -> Journal:
    from agentcore_cli.engine import Journal

    return Journal(selected.state.records(selected.agent_name))


def identity(session: Session) -> Identity:
    from agentcore_cli.aws.identity import Identity

    return Identity(session)


def resources(
    selected: Selection,
    session: Session,
    *,
    account: str,
    wishes: Wishes,
    patience: Patience,
    listener: Listener,
) -> list[Resource]:
    """Everything that the agent needs on this target. `account` is the target's."""
    if selected.is_local:
        from agentcore_cli.resources import local_catalog

        return local_catalog.wanted(_local_deployment(selected, wishes, patience, listener), session)
    from agentcore_cli.resources import catalog

    return catalog.wanted(_deployment(selected, account, wishes, patience, listener), session)


def everything(
    selected: Selection,
    session: Session,
    *,
    account: str,
    patience: Patience,
    listener: Listener,
    with_supplied: bool = False,
) -> list[Resource]:
    """Everything that deploys may have made for the agent on this target, whatever the config says now.

    `with_supplied`: the runtime too that the config names and somebody else made.
    """
    if selected.is_local:
        from agentcore_cli.resources import local_catalog

        deployment = _local_deployment(selected, Wishes(), patience, listener)
        has_image = selected.state.record(selected.agent_name, keys.IMAGE) is not None
        return local_catalog.everything(deployment, session, may_have_image=has_image or deployment.artifact is None)
    from agentcore_cli.resources import catalog

    there = _deployment(selected, account, Wishes(), patience, listener)
    return catalog.everything(there, session, with_supplied=with_supplied)


def runtime(selected: Selection, session: Session, *, account: str, patience: Patience, listener: Listener) -> Runtime:
    """The agent's runtime alone."""
    if selected.is_local:
        from agentcore_cli.resources import local_catalog

        return local_catalog.runtime(_local_deployment(selected, Wishes(), patience, listener), session)
    from agentcore_cli.resources import catalog

    return catalog.runtime(_deployment(selected, account, Wishes(), patience, listener), session)


def earlier_version(
    selected: Selection,
    session: Session,
    version: Version,
    *,
    account: str,
    patience: Patience,
    listener: Listener,
) -> EarlierVersion:
    """The runtime as it was in this version."""
    from agentcore_cli.resources.earlier_version import EarlierVersion

    there = runtime(selected, session, account=account, patience=patience, listener=listener)
    return EarlierVersion(there, version)


def deployment(selected: Selection, *, account: str) -> Deployment:
    """What is wanted of one agent on its target in AWS, and by what names."""
    from agentcore_cli import events
    from agentcore_cli.resources.patience import Patience

    return _deployment(selected, account, Wishes(), Patience(), events.ignore)


def owner(selected: Selection) -> Owner:
    """Whose it is what is deployed."""
    from agentcore_cli.resources.ownership import Owner

    return Owner(selected.loaded.config.project, selected.agent_name, selected.target_name)


def _local_deployment(selected: Selection, wishes: Wishes, patience: Patience, listener: Listener) -> LocalDeployment:
    from agentcore_cli.builders.mounts import Mount
    from agentcore_cli.resources.local_catalog import LocalDeployment

    there = selected.state.deployed(selected.agent_name)
    return LocalDeployment(
        root=selected.loaded.root,
        agent=selected.agent,
        owner=owner(selected),
        region=region(selected),
        environment=local_environment(selected),
        given=wishes.environment,
        given_before=selected.state.given_environment(selected.agent_name),
        build=wishes.build,
        image=wishes.image,
        artifact=there.artifact if there else None,
        resolved=_resolved(selected, wishes),
        store=store(),
        packages=home().packages,
        patience=patience,
        listener=listener,
        memory_name=memory_name(selected),
        mounts=tuple(Mount(mount.path, mount.writable) for mount in selected.loaded.config.local.mounts),
    )


def _deployment(
    selected: Selection, account: str, wishes: Wishes, patience: Patience, listener: Listener
) -> Deployment:
    from agentcore_cli.resources.catalog import Deployment

    there = selected.state.deployed(selected.agent_name)
    return Deployment(
        root=selected.loaded.root,
        cache=home().packages,
        archives=home().archives,
        agent=selected.agent,
        owner=owner(selected),
        account=account,
        region=region(selected),
        runtime_name=_runtime_name(selected),
        environment=_environment(selected),
        given=wishes.environment,
        given_before=selected.state.given_environment(selected.agent_name),
        runtime_id=selected.agent.runtime or (there.runtime_id if there else None),
        artifact=there.artifact if there else None,
        memory_name=memory_name(selected),
        memory_id=_recorded_memory(selected).get("id"),
        has_repository=selected.state.record(selected.agent_name, keys.REPOSITORY) is not None,
        has_bucket=selected.state.record(selected.agent_name, keys.BUCKET) is not None,
        has_policy=selected.state.record(selected.agent_name, keys.RESOURCE_POLICY) is not None,
        image=wishes.image,
        refresh=wishes.refresh,
        build=wishes.build,
        resolved=_resolved(selected, wishes),
        patience=patience,
        listener=listener,
    )


def _runtime_name(selected: Selection) -> str:
    """The runtime's name on a target in AWS; one that the config names by its id has its maker's."""
    if selected.agent.runtime:
        return selected.agent.runtime.rpartition("-")[0]
    is_default = selected.target_name == selected.loaded.config.default_aws_target
    return names.runtime_name(selected.agent_name, selected.target_name, is_default=is_default)


def _recorded_memory(selected: Selection) -> Mapping[str, str]:
    """What the records have of the agent's own memory; nothing where none was made."""
    recorded: Mapping[str, str] = (selected.state.record(selected.agent_name, keys.MEMORY) or {}).get("outputs", {})
    return recorded


def _resolved(selected: Selection, wishes: Wishes) -> str:
    """To what state of the index and of git the requirements are resolved."""
    return selected.state.resolved(selected.agent_name) if wishes.resolved is None else wishes.resolved


def _environment(selected: Selection) -> dict[str, str]:
    return {**selected.agent.environment, **selected.target.environment}


def local_environment(selected: Selection) -> dict[str, str]:
    """A version's variables on the local runtime. They say which network its sessions have, where any is asked for."""
    local = selected.loaded.config.local
    said = {LOCAL_NETWORK: local.network or "", LOCAL_REACHABLE: ",".join(local.reachable)}
    return {**_environment(selected), **{name: value for name, value in said.items() if value}}


def _require_local(selected: Selection) -> None:
    if not selected.is_local:
        raise InputError(
            f"target {selected.target_name}: this version can do that on the local runtime only",
            hint="the same command with --local",
        )
