"""An agent that looks for a file beside its code, where relative paths begin at the project's folder."""

from __future__ import annotations

import re
from typing import Final

from agentcore_cli.config.start import named_file
from agentcore_cli.errors import AgentFailedError
from agentcore_cli.operations.selection import Selected

_NOT_FOUND: Final = re.compile(r"No such file or directory: ['\"](?P<name>[^'\"/][^'\"\n]*)['\"]")


def explain_relative_path(error: AgentFailedError, selected: Selected | None) -> None:
    """Add where the file lies that the agent's failure names, if it is in the entrypoint's folder."""
    found = _NOT_FOUND.search(error.message)
    if selected is None or found is None:
        return
    root, name = selected.loaded.root, found["name"]
    folder = named_file(selected.agent.entrypoint).parent
    if (root / name).exists() or not (root / folder / name).is_file():
        return
    place = folder.as_posix()
    error.message += f"\n{name} lies in {place}/, and relative paths begin at the project's folder, here and on AWS"
    error.hint = f'open Path(__file__).parent / "{name}", then {selected.deploy_command()}'
