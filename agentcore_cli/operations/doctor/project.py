"""The config and the agent's code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli import config as configs
from agentcore_cli.errors import AgentcoreError, EntrypointError
from agentcore_cli.operations.configure.agent_check import check_agent
from agentcore_cli.operations.doctor.check import Check
from agentcore_cli.operations.selection import Options, Selected, select

_FIX: Final = "mend the agent's code, or agentcore configure --entrypoint FILE for another"


@dataclass(frozen=True, slots=True)
class SelectedProject:
    """`selected` is None where there is no config, or none that can be read."""

    selected: Selected | None
    checks: tuple[Check, ...]


def find(options: Options, folder: Path, environ: Mapping[str, str]) -> SelectedProject:
    """The agent and target that a command with these options would be about."""
    if options.config is None and configs.nearest(folder) is None:
        fix = "agentcore configure --entrypoint FILE"
        return SelectedProject(None, (Check("config", "warn", "no .agentcore.yaml here or above", fix),))
    path = configs.find(options.config, folder)
    try:
        selected = select(options, environ)
    except AgentcoreError as error:
        return SelectedProject(None, (Check("config", "fail", error.message, error.hint or f"mend {path}"),))
    detail = f"{path}: agent {selected.agent_name}, target {selected.target_name}"
    return SelectedProject(selected, (Check("config", "ok", detail),))


def entrypoint(selected: Selected, environ: Mapping[str, str]) -> Check:
    """The same check as configure's."""
    try:
        warnings = check_agent(selected.loaded.root, selected.agent_name, selected.agent, environ)
    except EntrypointError as error:
        return Check("entrypoint", "fail", error.message, _FIX)
    if warnings:
        return Check("entrypoint", "warn", "\n".join(warnings), "look at these lines; the agent may work all the same")
    return Check("entrypoint", "ok", selected.agent.entrypoint)
