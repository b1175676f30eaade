"""The config and the agent's code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli import config as configs
from agentcore_cli.errors import AgentcoreError, EntrypointError
from agentcore_cli.operations.agent_check import check_agent
from agentcore_cli.operations.doctor.check import Check, Choice
from agentcore_cli.operations.selection import Options

_FIX: Final = "mend the agent's code, or agentcore configure --entrypoint FILE for another"


@dataclass(frozen=True, slots=True)
class Found:
    """`choice` is None where there is no config, or none that can be read."""

    choice: Choice | None
    checks: tuple[Check, ...]


def find(options: Options, folder: Path, environ: Mapping[str, str]) -> Found:
    """The agent and target that a command with these options would be about."""
    if options.config is None and configs.nearest(folder) is None:
        fix = "agentcore configure --entrypoint FILE"
        return Found(None, (Check("config", "warn", "no .agentcore.yaml here or above", fix),))
    path = configs.find(options.config, folder)
    try:
        loaded = configs.load(path)
        agent_name, agent = configs.choose_agent(loaded.config, options.agent)
        target_name, target = configs.choose_target(loaded.config, options.target, environ)
    except AgentcoreError as error:
        return Found(None, (Check("config", "fail", error.message, error.hint or f"mend {path}"),))
    choice = Choice(loaded.root, agent_name, agent, target_name, target, loaded.config.usual_profile)
    return Found(choice, (Check("config", "ok", f"{path}: agent {agent_name}, target {target_name}"),))


def entrypoint(choice: Choice, environ: Mapping[str, str]) -> Check:
    """The same check as configure's."""
    try:
        warnings = check_agent(choice.root, choice.agent_name, choice.agent, environ)
    except EntrypointError as error:
        return Check("entrypoint", "fail", error.message, _FIX)
    if warnings:
        return Check("entrypoint", "warn", "\n".join(warnings), "look at these lines; the agent may work all the same")
    return Check("entrypoint", "ok", choice.agent.entrypoint)
