from __future__ import annotations

from agentcore_cli.operations.destination import Destination


def last_lines(destination: Destination, session_id: str, since: float) -> list[str]:
    return []
