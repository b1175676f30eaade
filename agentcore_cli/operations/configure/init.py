"""A new project with a working agent in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli import files
from agentcore_cli.config import FILE_NAME
from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.events import Listener, ignore
from agentcore_cli.names import agent_name_from, check_agent_name
from agentcore_cli.operations.configure.configure import ConfigureRequest, ConfigureResult, configure
from agentcore_cli.operations.configure.settings import Settings
from agentcore_cli.rendering import render

TEMPLATES: Final = ("session", "strands", "memory")
_AGENT: Final = "agent.py"
# Each template has these in templates/project/<template>/<name>.j2. The first group is the agent; of the second a
# folder may have its own already.
_NEEDED: Final = (_AGENT, "requirements.txt")
_WELCOME: Final = ("README.md", ".gitignore")


@dataclass(frozen=True, slots=True)
class InitRequest:
    """`directory` is made if it is not there. `name` is the agent's; without it the folder's."""

    directory: Path
    template: str = "session"
    name: str | None = None
    target: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class InitResult:
    """`written` are all new files, those of the agent's configuration included."""

    directory: Path
    template: str
    agent: str
    written: tuple[Path, ...]
    configured: ConfigureResult


def init(request: InitRequest, listener: Listener = ignore, environ: Mapping[str, str] = os.environ) -> InitResult:
    """Write a template's files and configure its agent.

    Raises InputError, with nothing written, for an unknown template or when a file of the template is there already.
    """
    if request.template not in TEMPLATES:
        raise InputError(f"--template {request.template}: there is {', '.join(TEMPLATES)}")
    root = request.directory.absolute()
    name = check_agent_name(request.name) if request.name else agent_name_from(root.name)
    texts = _texts(root, request.template, name)
    for path, text in texts.items():
        files.write_atomically(path, text)
    try:
        configured = configure(_configuration(root, name, request), listener, environ)
    except AgentcoreError:
        for path in texts:
            path.unlink()
        raise
    return InitResult(root, request.template, name, (*texts, *configured.written), configured)


def _texts(root: Path, template: str, name: str) -> dict[Path, str]:
    """The files to write. Raises InputError when the folder has an agent already."""
    present = [file for file in (*_NEEDED, FILE_NAME) if (root / file).exists()]
    if present:
        raise InputError(
            f"{root} has {', '.join(present)} already, and init overwrites nothing",
            hint="give another folder, or run agentcore configure there",
        )
    wanted = [*_NEEDED, *(file for file in _WELCOME if not (root / file).exists())]
    return {root / file: render(f"project/{template}/{file.lstrip('.')}.j2", agent=name) for file in wanted}


def _configuration(root: Path, name: str, request: InitRequest) -> ConfigureRequest:
    return ConfigureRequest(
        folder=root,
        name=name,
        entrypoint=_AGENT,
        settings=Settings(memory=_memory_name(name) if request.template == "memory" else None),
        target=request.target,
        region=request.region,
        own_config=True,
    )


def _memory_name(agent: str) -> str:
    """At most 48 characters (CreateMemory)."""
    return f"{agent[:41]}_memory"
