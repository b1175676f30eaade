"""Which config, which agent and which target a command is about."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from agentcore_cli.config import LOCAL, Agent, Loaded, Target, choose_agent, choose_target, find, is_meant_unnamed, load
from agentcore_cli.config.regions import region_fault
from agentcore_cli.errors import InputError
from agentcore_cli.operations.aws_profile import find_region
from agentcore_cli.state import State


class Options(Struct, frozen=True):
    """What was said on the command line; None is "not said"."""

    config: Path | None = None
    target: str | None = None
    agent: str | None = None
    profile: str | None = None
    region: str | None = None


class Selected(Struct, frozen=True):
    loaded: Loaded
    agent_name: str
    agent: Agent
    target_name: str
    target: Target
    state: State

    @property
    def is_local(self) -> bool:
        return self.target_name == LOCAL

    def command(self, verb: str) -> str:
        """The command line of a verb about the same agent and target."""
        target = "--local" if self.is_local else f"--target {self.target_name}"
        agent = "" if is_meant_unnamed(self.loaded.config, self.agent_name) else f" --agent {self.agent_name}"
        return f"agentcore {verb} {target}{agent}"

    def deploy_command(self) -> str:
        """What deploys this agent to this target."""
        return self.command("deploy")


def select(options: Options, environ: Mapping[str, str] = os.environ) -> Selected:
    """Find and read the config and choose in it. Raises ConfigError or InputError (2), or NotFoundError (4)."""
    if options.region is not None and (fault := region_fault(options.region)):
        raise InputError(f"--region: {fault}")
    loaded = load(find(options.config, Path.cwd()))
    agent_name, agent = choose_agent(loaded.config, options.agent)
    target_name, target = choose_target(loaded.config, options.target, environ)
    said = {"profile": options.profile, "region": options.region}
    target = msgspec.structs.replace(target, **{key: value for key, value in said.items() if value is not None})
    if target.region is None and target_name != LOCAL:
        found = find_region(target.profile, environ)
        target = msgspec.structs.replace(target, region=found[0] if found else None)
    return Selected(loaded, agent_name, agent, target_name, target, State(loaded.root, target_name))
