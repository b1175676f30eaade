"""`agentcore rollback`: go back to an earlier version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.waiting import Timeout, interruptible
from agentcore_cli.contract import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from agentcore_cli.operations.deploy.rollback import RollbackResult


def rollback(
    ctx: typer.Context,
    to: Annotated[str | None, typer.Option("--to", metavar="N", help="The version; else the one before.")] = None,
    endpoint: Annotated[
        str, typer.Option("--endpoint", "--qualifier", metavar="E", help="The endpoint that goes back.")
    ] = DEFAULT_ENDPOINT,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Nothing is asked; for scripts that always say it.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Don't wait until it is ready.")] = False,
    timeout: Timeout = 900,
) -> None:
    """Go back to an earlier version: its artifact and settings.

    DEFAULT gets a new version that is like the earlier one; a named endpoint is moved to it.
    """
    from agentcore_cli.operations.deploy.rollback import RollbackRequest
    from agentcore_cli.operations.deploy.rollback import rollback as run

    said = Globals.of(ctx)
    out = said.output()
    selected = said.select()
    request = RollbackRequest(to, endpoint, wait=not no_wait, timeout=timeout)
    with interruptible(f"{selected.command('status')} tells where it is"), out.progress() as listener:
        result = run(request, selected, listener)
    out.result(result, _human(result))
    if not out.json and result.changed and endpoint == DEFAULT_ENDPOINT:
        out.note(f"{selected.command('deploy')} goes forward again, to what the config says")


def _human(result: RollbackResult) -> str:
    if not result.changed:
        return f"{result.endpoint}: nothing to do, version {result.version} is like version {result.rolled_back_to}"
    like = "" if result.version == result.rolled_back_to else f", which is like version {result.rolled_back_to}"
    return f"{result.endpoint}: version {result.previous} -> version {result.version}{like}"
