"""The entrypoint check for an agent of the config."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentcore_cli.config import Agent, Start
from agentcore_cli.errors import EntrypointError
from agentcore_cli.operations.check import Subject, check_entrypoint
from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.source import read
from agentcore_cli.rendering import has_own_dockerfile


def check_agent(root: Path, agent_name: str, agent: Agent, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The warnings about an agent. Raises EntrypointError with every definite fault.

    What an image brings from another base, or does by a person's own Dockerfile, is not known: that is warned of.
    """
    own_dockerfile = has_own_dockerfile(root, agent_name)
    subject = Subject(
        root=root,
        start=Start.of(agent.entrypoint, agent.protocol, root),
        python=agent.python,
        requirements=agent.requirements,
        environment=agent.environment,
        brings_packages=own_dockerfile or bool(agent.base_image or agent.image),
        own_start=own_dockerfile or agent.image is not None,
    )
    return check_entrypoint(subject, environ)


def check_readable(root: Path, agent_name: str, agent: Agent) -> None:
    """Raises EntrypointError for an entrypoint whose syntax the agent's Python refuses: no session of it could start.

    What a person's own Dockerfile starts is not known.
    """
    file = Start.of(agent.entrypoint, agent.protocol, root).file
    if has_own_dockerfile(root, agent_name) or not (root / file).is_file():
        return
    found = read(root / file, str(file), agent.python)
    if isinstance(found, Finding) and found.certain:
        raise EntrypointError(str(found), hint="mend the code, then run this again")
