"""The paths that a config holds: each leads to a file in the project, and nothing else is ever opened for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from agentcore_cli import confines
from agentcore_cli.config.faults import ConfigFault
from agentcore_cli.config.schema import AgentConfig, Config
from agentcore_cli.config.start import named_file
from agentcore_cli.errors import EntrypointError

# The keys of an agent that are paths, and those of its memory; a test goes through the schema and asks of every text
# whether it is one.
OF_AN_AGENT: Final = ("entrypoint", "requirements", "role_policy", "resource_policy")
OF_A_MEMORY: Final = ("local_extraction",)


def path_fault(text: str) -> str | None:
    """What is wrong with a path as it is written: it is relative and does not climb. None for a good one."""
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name or text.startswith("~") or "\0" in text:
        return f"{text!r} lies outside the project; give a relative path"
    return None


def paths_outside(config: Config, root: Path) -> Iterator[ConfigFault]:
    """Paths that lead out of the project through links, as faults of their keys. Nothing is opened."""
    for name, agent in config.agents.items():
        for key, path in _paths(agent):
            if path is not None and not confines.is_inside(root / path, root):
                problem = f"{path} is a link that leads outside the project; it was not read"
                yield ConfigFault(("agents", name, *key), problem)


def _paths(agent: AgentConfig) -> Iterator[tuple[tuple[str, ...], Path | None]]:
    yield from (((key,), _path(agent, key)) for key in OF_AN_AGENT)
    for key in OF_A_MEMORY if agent.whole_memory else ():
        yield ("memory", key), _path(agent.whole_memory, key)


def _path(holder: object, key: str) -> Path | None:
    text: str | None = getattr(holder, key)
    if key == "entrypoint" and text:
        try:
            return named_file(text)
        except EntrypointError:
            return None
    return Path(text) if text is not None else None
