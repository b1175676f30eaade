"""`agentcore import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals

if TYPE_CHECKING:
    from agentcore_cli.operations.imports import ImportResult


def import_(
    ctx: typer.Context,
    arn: Annotated[str | None, typer.Option("--arn", metavar="ARN", help="A runtime that exists.")] = None,
    file: Annotated[Path | None, typer.Option("--from", metavar="FILE", help="The earlier toolkit's file.")] = None,
    entrypoint: Annotated[
        str | None, typer.Option("--entrypoint", "-e", metavar="FILE", help="With --arn: the agent's file.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="With --arn: another name for the agent.")] = None,
) -> None:
    """Move in: from .bedrock_agentcore.yaml, or with --arn from a runtime; nothing in AWS is changed.

    What is imported stays its maker's: deploy uses and updates it, destroy leaves it alone.
    """
    from agentcore_cli.operations.imports import ImportRequest, import_agents

    said = Globals.of(ctx)
    out = said.output()
    options = said.options()
    request = ImportRequest(Path.cwd(), arn, file, entrypoint, name or options.agent, options.profile)
    with out.progress() as listener:
        result = import_agents(request, listener)
    for line in result.left_out:
        out.warning(f"not carried over: {line}")
    out.result(result, _human(result))
    out.note("next: agentcore plan")


def _human(result: ImportResult) -> str:
    from agentcore_cli.ui.tables import table

    rows = [(agent.name, agent.target, agent.arn or "not deployed") for agent in result.agents]
    return table(("agent", "target", "runtime"), rows) + f"\nwritten: {result.config.name}"
