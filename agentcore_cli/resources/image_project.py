"""What an agent's image is built from, by its config: the same on every target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from agentcore_cli.builders.image import ImageProject
from agentcore_cli.config import Agent, Start
from agentcore_cli.contract import PROTOCOLS


def image_project(root: Path, name: str, agent: Agent, labels: Mapping[str, str], resolved: str) -> ImageProject:
    """`name` is the agent's, `labels` say whose the image is, `resolved` what its requirements were resolved to."""
    start = Start.of(agent.entrypoint, agent.protocol)
    return ImageProject(
        root=root,
        agent=name,
        start=start.argv,
        entry=start.file,
        port=PROTOCOLS[agent.protocol].port,
        python=agent.python,
        base_image=agent.effective_base_image,
        requirements=agent.requirements,
        install=agent.install,
        build_args=agent.build_args,
        otel=agent.otel,
        labels=labels,
        resolved=resolved,
    )
