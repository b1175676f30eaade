"""Which object gets which: the composition root. It makes objects, does no work and catches nothing.

Every function imports what it makes, so that a verb loads only the rooms it needs: a local `invoke` loads no boto3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from agentcore_cli import names
from agentcore_cli.contract import LOCAL_REGION, LOCAL_ROLE
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from agentcore_cli.aws.data_plane import DataPlane
    from agentcore_cli.aws.runtimes import Runtimes
    from agentcore_cli.aws.session import Access, Session
    from agentcore_cli.builders.store import Store
    from agentcore_cli.config import Agent, Loaded, Target
    from agentcore_cli.engine import Journal, Resource
    from agentcore_cli.events import Listener
    from agentcore_cli.local.client import LocalRuntime
    from agentcore_cli.local.home import Home
    from agentcore_cli.resources.runtime import Patience, Wish
    from agentcore_cli.resources.source_bundle import SourceBundle
    from agentcore_cli.state import Deployed, State


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


def deployed(selected: Selection) -> Deployed:
    """What is deployed on the target. Raises NotFoundError (4), with the target where it is deployed."""
    return selected.state.require(selected.agent_name, selected.deploy_command())


def data_plane(selected: Selection, *, timeout: float) -> DataPlane:
    """The client that invokes; `timeout` is how long the agent may be silent, in seconds."""
    from agentcore_cli.aws.data_plane import DataPlane
    from agentcore_cli.aws.signing import LocalKey
    from agentcore_cli.local import daemon

    _require_local(selected)
    server = daemon.ensure_running(home())
    return DataPlane(server.url, LocalKey(server.access_key, region(selected)), timeout)


def local_runtime(selected: Selection) -> LocalRuntime:
    """The client of the local server's own extension; starts the server if need be."""
    from agentcore_cli.local import daemon
    from agentcore_cli.local.client import LocalRuntime

    _require_local(selected)
    return LocalRuntime(daemon.ensure_running(home()))


def home() -> Home:
    from agentcore_cli.local.home import Home

    return Home.default()


def region(selected: Selection) -> str:
    """The target's region; on the local runtime, that of what is deployed already, which is found in no other."""
    there = selected.state.deployed(selected.agent_name) if selected.is_local else None
    return there.region if there else selected.target.region or LOCAL_REGION


def session(selected: Selection) -> Session:
    """The boto3 session of the target; the caller closes it."""
    from agentcore_cli.aws.session import Session

    return Session(locator(selected))


def session_in(region: str, profile: str | None) -> Session:
    """A boto3 session of AWS itself, where no target is chosen yet; the caller closes it."""
    from agentcore_cli.aws.session import Access, Session

    return Session(lambda: Access(region, profile=profile))


def locator(selected: Selection) -> Callable[[], Access]:
    """What says where the target's services are now; it starts the local runtime if need be."""
    from agentcore_cli.aws.session import Access
    from agentcore_cli.local import daemon

    _require_local(selected)
    chosen = region(selected)

    def locate() -> Access:
        server = daemon.ensure_running(home())
        return Access(chosen, url=server.url, access_key=server.access_key, secret_key="local")  # noqa: S106

    return locate


def runtimes(session: Session) -> Runtimes:
    from agentcore_cli.aws.runtimes import Runtimes

    return Runtimes(session)


def store() -> Store:
    """Where bundles and environments for the local runtime are kept."""
    from agentcore_cli.builders.store import Store

    return Store(home().artifacts, home().environments)


def journal(selected: Selection) -> Journal:
    from agentcore_cli.engine import Journal

    return Journal(selected.state.records(selected.agent_name))


def resources(
    selected: Selection, door: Runtimes, *, given: Mapping[str, str], patience: Patience, listener: Listener
) -> list[Resource]:
    """Everything that the agent needs on this target. `given` are the variables of `--env`."""
    from agentcore_cli.resources.runtime import Runtime
    from agentcore_cli.state import RUNTIME

    _require_local(selected)
    bundle = _source_bundle(selected, listener)
    return [bundle, Runtime(RUNTIME, _wish(selected, bundle, given), door, patience, depends_on=(bundle.key,))]


def _source_bundle(selected: Selection, listener: Listener) -> SourceBundle:
    from agentcore_cli.config import Start
    from agentcore_cli.resources.source_bundle import Project, SourceBundle

    agent = selected.agent
    start = Start.of(agent.entrypoint, agent.protocol)
    project = Project(selected.loaded.root, agent.requirements, agent.python, start.argv, start.file)
    return SourceBundle(project, store(), listener)


def _wish(selected: Selection, bundle: SourceBundle, given: Mapping[str, str]) -> Wish:
    from agentcore_cli.config import Start
    from agentcore_cli.resources.ownership import Owner
    from agentcore_cli.resources.runtime import Wish

    config, agent = selected.loaded.config, selected.agent
    return Wish(
        name=names.local_runtime_name(selected.agent_name, config.project),
        owner=Owner(config.project, selected.agent_name, selected.target_name),
        agent=agent,
        role=LOCAL_ROLE,
        artifact=bundle.artifact(Start.of(agent.entrypoint, agent.protocol).entry_point),
        environment={**agent.environment, **selected.target.environment},
        given=given,
        given_before=selected.state.given_environment(selected.agent_name),
    )


def _require_local(selected: Selection) -> None:
    if not selected.is_local:
        raise InputError(
            f"target {selected.target_name}: this version deploys to the local runtime only",
            hint="the same command with --local",
        )
