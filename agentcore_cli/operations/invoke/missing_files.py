"""An agent that looks for a file of its project where it does not lie, here and on AWS."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from agentcore_cli.config.start import named_file
from agentcore_cli.errors import AgentFailedError
from agentcore_cli.operations.selection import Selected

_NOT_FOUND: Final = re.compile(r"No such file or directory: (?P<quote>['\"])(?P<name>[^'\"\n]+)(?P=quote)")


def explain_missing_file(error: AgentFailedError, selected: Selected | None) -> None:
    """Add what is known of the file that the agent's failure names: it is beside the entrypoint, was named by its path
    on this machine, or stays behind.
    """
    found = _NOT_FOUND.search(error.message)
    if selected is None or found is None:
        return
    root = selected.loaded.root
    folder = named_file(selected.agent.entrypoint).parent
    name, then = found["name"], f", then {selected.deploy_command()}"
    if Path(name).is_absolute():
        if not (Path(name).is_relative_to(root) and Path(name).exists()):
            return
        inside = Path(name).relative_to(root).as_posix()
        error.message += f"\n{name} is a path of this machine; sessions have the project's folder as their own"
        error.hint = f'open "{inside}"{then}'
    elif (root / name).is_file():
        _explain_left_out(error, root, Path(name), then)
    elif (root / folder / name).is_file():
        where = f"{name} lies in {folder.as_posix()}/, and relative paths begin at the project's folder"
        error.message += f"\n{where}, here and on AWS"
        error.hint = f'open Path(__file__).parent / "{name}"{then}'


def _explain_left_out(error: AgentFailedError, root: Path, file: Path, then: str) -> None:
    from agentcore_cli.builders.source import source  # an invoke that goes well has no use for it

    name = file.as_posix()  # without the ./ in front
    if ".." not in file.parts and not source.goes_along(root, name):
        error.message += f"\n{name} stays behind: its name looks like a secret's, or .dockerignore leaves it out"
        error.hint = f"add a line !{name} to .dockerignore{then}; what is secret goes by agentcore configure --secret"
