"""`deploy --upgrade`: what the requirements would be resolved to today, and whether that is what is installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentcore_cli import wiring
from agentcore_cli.builders.packages import resolution
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.selection import Selected
from agentcore_cli.rendering import has_own_dockerfile


def resolved_anew(selected: Selected, listener: Listener, *, build: str | None) -> str:
    """A hash of what the requirements lead to now; the recorded one where that is installed already.

    Raises InputError for requirements that can't be met, AgentcoreError when an index can't be reached.
    """
    recorded = selected.state.resolved(selected.agent_name)
    if why := _nothing_to_resolve(selected, build or selected.agent.build):
        listener(Note(f"--upgrade: {why}", "warning"))
        return recorded
    agent = selected.agent
    assert agent.requirements
    asked = Requirements(selected.loaded.root, agent.requirements, recorded)
    listener(Note("resolving the requirements anew"))
    found = resolution.resolve(asked.refreshed, agent.python, tell=lambda line: None, stopping=lambda: False)
    there = wiring.installed_packages(selected, asked, build)
    if there is not None and _is_installed(found, there):
        return recorded
    return resolution.fingerprint(found)


def _nothing_to_resolve(selected: Selected, build: str) -> str:
    """Why the requirements' state is not ours to renew, or nothing."""
    root, agent = selected.loaded.root, selected.agent
    if agent.requirements is None:
        return "no requirements"
    own = build != "zip" and has_own_dockerfile(root, selected.agent_name)
    if not selected.is_local and (agent.image or own):
        return "what the image installs, its own Dockerfile says"
    lock = Requirements(root, agent.requirements).lock
    return f"{lock.name} pins what is installed; `uv lock --upgrade` renews it" if lock else ""


def _is_installed(found: Mapping[str, str], packages: Path) -> bool:
    there = resolution.installed(packages)
    return all(there.get(name) == state for name, state in found.items() if state)
