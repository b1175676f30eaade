"""`agentcore versions`."""

from __future__ import annotations

import typer

from agentcore_cli.commands.globals import Globals


def versions(ctx: typer.Context) -> None:
    """List the versions of the agent's runtime, newest first. A version never changes."""
    from agentcore_cli.operations.deploy.versions import versions as run
    from agentcore_cli.ui.tables import instant, table

    said = Globals.of(ctx)
    out = said.output()
    with out.progress() as listener:
        result = run(said.select(), listener)
    rows = [(v.version, v.status, instant(v.created_at), ", ".join(v.endpoints)) for v in result.versions]
    out.result(result, table(("version", "status", "created", "endpoints"), rows))
