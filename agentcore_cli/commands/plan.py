"""`agentcore plan`: what deploy would do."""

from __future__ import annotations

from typing import Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.errors import CHANGES_PENDING


def plan(
    ctx: typer.Context,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit 6 if anything would change.")] = False,
    image: Annotated[
        str | None,
        typer.Option(metavar="IMAGE", help="An image that is there already: URI in ECR, or NAME:TAG in Docker."),
    ] = None,
    largest: Annotated[
        int, typer.Option(metavar="N", min=0, help="Show the N largest of the files that go along.")
    ] = 0,
    no_refresh: Annotated[bool, typer.Option("--no-refresh", help="Believe the records; look at the runtime.")] = False,
) -> None:
    """Show what deploy would do: create, update, replace, keep, and why. Changes nothing."""
    from agentcore_cli.commands.changes import describe_plan
    from agentcore_cli.operations.deploy.plan import plan as run
    from agentcore_cli.resources.deployment import Overrides
    from agentcore_cli.ui.tables import size, table

    said = Globals.of(ctx)
    out = said.output()
    with out.progress() as listener:
        result = run(Overrides(image=image, refresh=not no_refresh), said.select(), listener, largest=largest)
    sizes = [(file.name, size(file.size)) for file in result.largest]
    files = [table(("largest files", "size"), sizes)] if sizes else []
    out.result(result, "\n".join([describe_plan(result), *files]))
    if exit_code and result.pending:
        raise typer.Exit(CHANGES_PENDING)
