"""What the config, the target and the records say together of the selected agent: its region, names and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from agentcore_cli import keys, names
from agentcore_cli.contract import LOCAL_NETWORK, LOCAL_REACHABLE, LOCAL_REGION
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agentcore_cli.aws.session import AwsSession
    from agentcore_cli.config import AgentConfig, Loaded, Target
    from agentcore_cli.resources.ownership import Owner
    from agentcore_cli.state import Deployed, State


class Selection(Protocol):
    """Which agent and target it is about."""

    @property
    def loaded(self) -> Loaded: ...

    @property
    def agent_name(self) -> str: ...

    @property
    def agent(self) -> AgentConfig: ...

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


class VisitedTarget(Protocol):
    """Where somebody looks at an agent, or works on it: by which session, and in which account."""

    @property
    def selected(self) -> Selection: ...

    @property
    def session(self) -> AwsSession: ...

    @property
    def account_number(self) -> str: ...


def deployed(selected: Selection) -> Deployed:
    """What is deployed on the target. Raises NotFoundError (4), with the target where it is deployed."""
    return selected.state.require(selected.agent_name, selected.deploy_command())


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


def owner(selected: Selection) -> Owner:
    """Whose it is what is deployed."""
    from agentcore_cli.resources.ownership import Owner

    return Owner(selected.loaded.config.project, selected.agent_name, selected.target_name)


def runtime_name(selected: Selection) -> str:
    """The runtime's name on a target in AWS; one that the config names by its id has its maker's."""
    if selected.agent.runtime:
        return selected.agent.runtime.rpartition("-")[0]
    is_default = selected.target_name == selected.loaded.config.default_aws_target
    return names.runtime_name(selected.agent_name, selected.target_name, is_default=is_default)


def memory_name(selected: Selection) -> str | None:
    """The name that the agent's own memory has on the target: by the config, else as the records have it."""
    settings = selected.agent.whole_memory
    if settings is None or (settings.supplied_id and not selected.is_local):
        return _recorded_memory(selected).get("name")
    if selected.is_local:
        return names.local_runtime_name(settings.label, selected.loaded.config.project)
    is_default = selected.target_name == selected.loaded.config.default_aws_target
    return names.runtime_name(settings.label, selected.target_name, is_default=is_default)


def memory_id(selected: Selection) -> str | None:
    """The id of the agent's own memory, as the records have it."""
    return _recorded_memory(selected).get("id")


def _recorded_memory(selected: Selection) -> Mapping[str, str]:
    """What the records have of the agent's own memory; nothing where none was made."""
    recorded: Mapping[str, str] = (selected.state.record(selected.agent_name, keys.MEMORY) or {}).get("outputs", {})
    return recorded


def environment(selected: Selection) -> dict[str, str]:
    return {**selected.agent.environment, **selected.target.environment}


def local_environment(selected: Selection) -> dict[str, str]:
    """A version's variables on the local runtime. They say which network its sessions have, where any is asked for."""
    local = selected.loaded.config.local
    said = {LOCAL_NETWORK: local.network or "", LOCAL_REACHABLE: ",".join(local.reachable)}
    return {**environment(selected), **{name: value for name, value in said.items() if value}}
