"""What an agent's image is built from, by its config: the same on every target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from agentcore_cli import rendering
from agentcore_cli.builders.images.image import ImageProject
from agentcore_cli.builders.packages.packages import PLACE
from agentcore_cli.config import AgentConfig, Start
from agentcore_cli.contract import PROTOCOLS


def image_project(root: Path, name: str, agent: AgentConfig, labels: Mapping[str, str], resolved: str) -> ImageProject:
    """`name` is the agent's, `labels` say whose the image is, `resolved` what its requirements were resolved to."""
    start = Start.of(agent.entrypoint, agent.protocol, root)
    return ImageProject(
        root=root,
        agent=name,
        start=start.argv,
        entry=start.file,
        path=start.path,
        port=PROTOCOLS[agent.protocol].port,
        python=agent.python,
        base_image=agent.effective_base_image,
        requirements=agent.requirements,
        install=agent.install,
        build_args=agent.build_args,
        otel=agent.otel,
        labels=labels,
        resolved=resolved,
        launches=bool(agent.stored_secrets),
    )


def with_python_path(
    root: Path, name: str, agent: AgentConfig, start: Start, environment: Mapping[str, str]
) -> dict[str, str]:
    """Variables for an image of ours, in which PYTHONPATH is added to what the image needs, relative to the code.

    A variable of the runtime replaces the image's own. What a person's own Dockerfile needs is not known: there the
    variable is as it was said.
    """
    said = environment.get("PYTHONPATH")
    if not said or rendering.has_own_dockerfile(root, name):
        return dict(environment)
    packages = [PLACE] if agent.install == "host" and (agent.requirements or agent.otel) else []
    entries = [*said.split(":"), *start.path]
    path = [str(PurePosixPath(rendering.CODE_PLACE, entry)) for entry in entries if entry]
    return {**environment, "PYTHONPATH": ":".join(dict.fromkeys([*path, *packages]))}
