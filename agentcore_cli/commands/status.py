"""`agentcore status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.errors import FAILED

if TYPE_CHECKING:
    from agentcore_cli.operations.deploy.status import StatusResult


def status(ctx: typer.Context) -> None:
    """Show the agent's runtime, endpoints and sessions, and what has drifted; exit 1 for a failed state."""
    from agentcore_cli.operations.deploy.status import status as run

    said = Globals.of(ctx)
    out = said.output()
    with out.progress() as listener:
        result = run(said.select(), listener)
    out.result(result, _human(result))
    if result.failure:
        raise typer.Exit(FAILED)


def _human(result: StatusResult) -> str:
    from agentcore_cli.commands.changes import describe
    from agentcore_cli.ui.tables import fields

    endpoints = ", ".join(
        f"{e.name} -> {f'version {e.live_version}' if e.live_version else 'no version'} ({e.status})"
        for e in result.endpoints
    )
    text = fields(
        [
            ("agent", f"{result.agent} on {result.target}"),
            ("runtime", result.arn),
            ("status", result.status),
            ("failure", result.failure),
            ("version", result.version),
            ("endpoints", endpoints),
            ("image" if "/" in result.artifact else "artifact", _short(result.artifact)),
            ("entrypoint", result.entrypoint),
            ("config", result.config),
            ("sessions alive", result.sessions),
            ("network", result.network.surprise if result.network else None),
            ("drift", result.drift_unknown or ("none" if not result.drift else "agentcore deploy would change:")),
        ]
    )
    return f"{text}\n{describe(result.drift)}" if result.drift else text


def _short(artifact: str) -> str:
    """A digest's beginning says which; the name of an image stays whole."""
    return artifact if "/" in artifact else artifact[:19]
