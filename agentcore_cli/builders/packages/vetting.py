"""A look at the packages of an agent when they are there, and before anything is made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from agentcore_cli.errors import InputError

Vet = Callable[[Path], None]
"""Gets the folder that they are installed in. Raises an AgentcoreError for an agent that can't run with them."""


def accept(packages: Path) -> None:
    """Whatever they are."""


def require_server(start: Sequence[str], requirements: str | None, packages: Path | None) -> None:
    """Raise InputError unless what `module:app` is started with is among the packages."""
    if tuple(start[:2]) == ("-m", "uvicorn") and not (packages and (packages / "uvicorn").is_dir()):
        raise InputError(
            f"the entrypoint {start[2]} is served by uvicorn, "
            f"which {requirements or 'no requirements file'} does not install",
            hint=f"add uvicorn to {requirements or 'a requirements.txt'}",
        )
