"""Whether the project allows the Python that the agent runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agentcore_cli.builders.packages import required_python
from agentcore_cli.operations.check.findings import Finding


def python_findings(root: Path, requirements: str | None, python: str) -> Iterator[Finding]:
    """A doubt where `python`, like "3.13", is not allowed, or what is allowed is not understood: it may run all the
    same."""
    required = required_python.read(root, requirements)
    if required is None:
        return
    if required.specifiers is None:
        problem = f"{required.setting} is not understood, and not heeded"
        yield Finding(required.file, required.line, problem, certain=False)
    elif not required.allows(python):
        problem = f"{required.setting} does not allow Python {python}, which the config has (configure --python)"
        yield Finding(required.file, required.line, problem, certain=False)
