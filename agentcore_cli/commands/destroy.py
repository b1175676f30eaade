"""`agentcore destroy`: show, ask, delete, verify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.waiting import Timeout, interruptible
from agentcore_cli.ui.terminal import printable

if TYPE_CHECKING:
    from agentcore_cli.engine import Change
    from agentcore_cli.operations.deploy.destroy import DestroyResult


def destroy(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    keep_repository: Annotated[bool, typer.Option("--keep-repository", help="Leave the images there.")] = False,
    keep_logs: Annotated[bool, typer.Option("--keep-logs", help="Leave the log groups there.")] = False,
    include_memory: Annotated[
        bool, typer.Option("--include-memory", help="The agent's memory too, with what users said.")
    ] = False,
    include_supplied: Annotated[
        bool, typer.Option("--include-supplied", help="The runtime too that import found.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be deleted.")] = False,
    timeout: Timeout = 900,
) -> None:
    """Delete what deploy made for the agent on this target, wait until it is gone, and touch nothing else."""
    from agentcore_cli.commands.changes import ask_about
    from agentcore_cli.operations.deploy.destroy import DestroyRequest
    from agentcore_cli.operations.deploy.destroy import destroy as run

    said = Globals.of(ctx)
    out = said.output()

    def consent(changes: tuple[Change, ...]) -> bool:
        question = "Delete this?" if any(change.action == "delete" for change in changes) else "Forget this?"
        return yes or out.confirm(ask_about(changes), question)

    request = DestroyRequest(consent, dry_run, timeout, keep_repository, keep_logs, include_memory, include_supplied)
    selected = said.select()
    with interruptible(f"{selected.command('destroy')} goes on from here"), out.progress(json_events=True) as listener:
        result = run(request, selected, listener)
    out.result(result, _human(result), last_of_stream=True)


def _human(result: DestroyResult) -> str:
    from agentcore_cli.commands.changes import describe

    if not result.deletions and not result.left:
        return f"{result.agent}: nothing of ours is on {result.target}"
    if result.dry_run:
        return describe((*result.deletions, *result.left))
    deleted = f"{', '.join(change.key for change in result.deletions) or 'nothing'} deleted"
    if result.left:
        left = "; ".join(f"{change.key} {change.name} ({change.reason})" for change in result.left)
        return printable(f"{result.agent}: {deleted}; {left}")
    rest = "its memory stays" if result.kept_memory else "nothing of it is left"
    return f"{result.agent}: {deleted}, {rest}"
