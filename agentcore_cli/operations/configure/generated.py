"""The files that `configure` generates beside the config: the Dockerfile and `.dockerignore`.

A file that somebody wrote or edited is theirs; one that is still as it was generated is made anew when it would differ.
"""

from __future__ import annotations

from pathlib import Path

from agentcore_cli import rendering
from agentcore_cli.builders.images.image import launcher_of, own_metadata
from agentcore_cli.builders.packages import standalone
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.config import AgentConfig, Start
from agentcore_cli.confines import require_inside
from agentcore_cli.contract import PROTOCOLS
from agentcore_cli.rendering import ImageRecipe


def needs_dockerfile(agent: AgentConfig) -> bool:
    """Whether deploy would build an image from this project."""
    return agent.image is None and agent.build != "zip"


def generated_files(root: Path, agent_name: str, agent: AgentConfig) -> dict[Path, str]:
    """What is to be written, by path; nothing that is a person's own or would stay the same."""
    wanted = {root / ".dockerignore": rendering.dockerignore()}
    if needs_dockerfile(agent):
        wanted[rendering.dockerfile_of(root, agent_name)] = _dockerfile(root, agent_name, agent)
    for path in wanted:
        require_inside(path, root, path.name)
    return {path: text for path, text in wanted.items() if _may_write(path, text)}


def _dockerfile(root: Path, agent_name: str, agent: AgentConfig) -> str:
    start = Start.of(agent.entrypoint, agent.protocol, root)
    required = Requirements(root, agent.requirements) if agent.requirements else None
    needed = standalone.as_far_as_known(required)
    return rendering.dockerfile(
        ImageRecipe(
            agent=agent_name,
            base_image=agent.effective_base_image,
            start=start.argv,
            path=start.path,
            port=PROTOCOLS[agent.protocol].port,
            requirements=needed.files,
            local_packages=needed.places,
            lines=needed.lines,
            constraints=needed.constraints,
            otel=agent.otel,
            launcher=launcher_of(bool(agent.stored_secrets)),
            own=own_metadata(required),
        )
    )


def _may_write(path: Path, text: str) -> bool:
    if not path.exists():
        return True
    present = path.read_text(errors="replace")
    return present != text and rendering.is_generated(present)
