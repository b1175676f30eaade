"""An agent that runs as a script and lacks a module of its own project, which another start would find."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from agentcore_cli.errors import AgentFailedError
from agentcore_cli.operations.selection import Selected

_NO_MODULE: Final = re.compile(r"No module named '(?P<name>[\w.]+)'")


def explain_missing_module(error: AgentFailedError, selected: Selected | None) -> None:
    """Add which start finds the module that the agent's failure names, where the project has it."""
    found = _NO_MODULE.search(error.message)
    if selected is None or found is None or not selected.agent.entrypoint.endswith(".py"):
        return
    from agentcore_cli.config import layout  # an invoke that goes well has no use for it

    file, missing = Path(selected.agent.entrypoint), found["name"]
    name = layout.name_that_finds(selected.loaded.root, file, missing)
    if name is None:
        return
    error.message += f"\n{missing} is the project's own, and is not found from {file.as_posix()} as a script"
    configure = f'agentcore configure --name {selected.agent_name} --entrypoint "-m {name}"'
    error.hint = f"{configure}, then {selected.deploy_command()}"
