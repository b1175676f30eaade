"""A look at the packages of an agent when they are there, and before anything is made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Vet = Callable[[Path], None]
"""Gets the folder that they are installed in. Raises an AgentcoreError for an agent that can't run with them."""


def accept(packages: Path) -> None:
    """Whatever they are."""
