"""Ask uv what requirements lead to, for as long as somebody who configures an agent may wait."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages import resolution
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import AgentcoreError

_SECONDS: Final = 30.0


def resolve(root: Path, requirements: str, python: str) -> frozenset[str] | None:
    """Every distribution that the requirements lead to on that Python; None where uv can't tell (offline, a conflict).

    A conflict is no fault of the entrypoint: deploy reports it in uv's own words.
    """
    deadline = time.monotonic() + _SECONDS
    try:
        found = resolution.resolve(
            Requirements(root, requirements),
            python,
            tell=lambda line: None,
            stopping=lambda: time.monotonic() > deadline,
        )
    except AgentcoreError:
        return None
    return frozenset(found)
