"""What an agent's zip is made from, by its config, and where it finds its modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from agentcore_cli.builders.zip import start as code_start
from agentcore_cli.builders.zip.inputs import CodeProject
from agentcore_cli.config import AgentConfig, Start


def code_project(root: Path, agent: AgentConfig, resolved: str) -> CodeProject:
    """`resolved` is what the requirements were resolved to by `deploy --upgrade`."""
    start = Start.of(agent.entrypoint, agent.protocol, root)
    return CodeProject(
        root=root,
        start=start.argv,
        entry=start.file,
        python=agent.python,
        requirements=agent.requirements,
        otel=agent.otel,
        path=start.path,
        resolved=resolved,
        launches=bool(agent.stored_secrets),
    )


def with_code_path(start: Start, environment: Mapping[str, str]) -> dict[str, str]:
    """Variables for a zip, in which the folders of PYTHONPATH are those that they are on AgentCore, relative to the
    code; what the code needs itself comes after them."""
    said = environment.get("PYTHONPATH")
    if not said:
        return dict(environment)
    entries = [*said.split(":"), *start.path, "."]
    path = [str(PurePosixPath(code_start.ROOT, entry)) for entry in entries if entry]
    return {**environment, "PYTHONPATH": ":".join(dict.fromkeys(path))}
