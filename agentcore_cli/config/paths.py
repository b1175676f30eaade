"""The paths that a config holds: each leads to a file in the project, and nothing else is ever opened for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from agentcore_cli import confines
from agentcore_cli.config.faults import Fault
from agentcore_cli.config.schema import Agent, Config
from agentcore_cli.config.start import named_file
from agentcore_cli.errors import EntrypointError

# The keys of an agent that are paths; a test goes through the schema and asks of every text whether it is one.
OF_AN_AGENT: Final = ("entrypoint", "requirements", "role_policy", "resource_policy")


def path_fault(text: str) -> str | None:
    """What is wrong with a path as it is written: it is relative and does not climb. None for a good one."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name or text.startswith("~") or "\0" in text:
        return f"{text!r} lies outside the project; give a relative path"
    return None


def paths_outside(config: Config, root: Path) -> Iterator[Fault]:
    """Paths that lead out of the project through links, as faults of their keys. Nothing is opened."""
    for name, agent in config.agents.items():
        for key in OF_AN_AGENT:
            path = _path(agent, key)
            if path is not None and not confines.is_inside(root / path, root):
                yield Fault(("agents", name, key), f"{path} is a link that leads outside the project; it was not read")


def _path(agent: Agent, key: str) -> Path | None:
    if key == "entrypoint":
        try:
            return named_file(agent.entrypoint)
        except EntrypointError:
            return None
    text: str | None = getattr(agent, key)
    return Path(text) if text is not None else None
