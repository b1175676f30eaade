"""Which config, which agent and which target a command is about."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agentcore_cli.config import Agent, Loaded, Target, choose_agent, choose_target, find, load
from agentcore_cli.config.regions import region_fault
from agentcore_cli.errors import InputError
from agentcore_cli.state import State


@dataclass(frozen=True, slots=True)
class Options:
    """What was said on the command line; None is "not said"."""

    config: Path | None = None
    target: str | None = None
    agent: str | None = None
    profile: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    loaded: Loaded
    agent_name: str
    agent: Agent
    target_name: str
    target: Target
    state: State

    @property
    def is_local(self) -> bool:
        return self.target_name == "local"

    def command(self, verb: str) -> str:
        """The command line of a verb about the same agent and target."""
        target = "--local" if self.is_local else f"--target {self.target_name}"
        return self._about_agent(f"agentcore {verb} {target}")

    def deploy_command(self) -> str:
        """What deploys this agent: this version knows how to on the local runtime alone."""
        return self._about_agent("agentcore deploy --local")

    def _about_agent(self, command: str) -> str:
        config = self.loaded.config
        is_chosen = len(config.agents) == 1 or self.agent_name == config.default_agent
        return command if is_chosen else f"{command} --agent {self.agent_name}"


def select(options: Options, environ: Mapping[str, str] = os.environ) -> Selected:
    """Find and read the config and choose in it. Raises ConfigError or InputError (2), or NotFoundError (4)."""
    if options.region is not None and (fault := region_fault(options.region)):
        raise InputError(f"--region: {fault}")
    loaded = load(find(options.config, Path.cwd()))
    agent_name, agent = choose_agent(loaded.config, options.agent)
    target_name, target = choose_target(loaded.config, options.target, environ)
    said = {"profile": options.profile, "region": options.region}
    target = msgspec.structs.replace(target, **{key: value for key, value in said.items() if value is not None})
    return Selected(loaded, agent_name, agent, target_name, target, State(loaded.root, target_name))
