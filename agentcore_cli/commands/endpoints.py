"""`agentcore endpoints`: list, create, update, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.commands.groups import command_group
from agentcore_cli.commands.waiting import NoWait, Timeout, perform
from agentcore_cli.errors import InputError

if TYPE_CHECKING:
    from agentcore_cli.events import Listener
    from agentcore_cli.operations.deploy.endpoints import EndpointRequest, EndpointResult
    from agentcore_cli.operations.selection import Selected

Name = Annotated[str, typer.Argument(help="The endpoint's name.")]
Version = Annotated[str | None, typer.Option("--version", metavar="N", help="The version that it leads to.")]
Description = Annotated[str | None, typer.Option(metavar="TEXT", help="Shown by AWS beside it.")]

app = command_group("List, make, move and delete named endpoints of the runtime.")


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """List the endpoints and the versions that they lead to."""
    from agentcore_cli.operations.deploy.endpoints import list_endpoints
    from agentcore_cli.ui.tables import table

    said = Globals.of(ctx)
    out = said.output()
    with out.progress() as listener:
        result = list_endpoints(said.select(), listener)
    rows = [(e.name, e.live_version, e.status, e.failure or "") for e in result.endpoints]
    out.result(result, table(("endpoint", "version", "status", "failure"), rows))


@app.command()
def create(
    ctx: typer.Context,
    name: Name,
    version: Version = None,
    description: Description = None,
    no_wait: NoWait = False,
    timeout: Timeout = 900,
) -> None:
    """Make an endpoint; without --version it leads to the newest one."""
    from agentcore_cli.operations.deploy.endpoints import EndpointRequest, create_endpoint

    _run(ctx, create_endpoint, EndpointRequest(name, version, description, not no_wait, timeout))


@app.command()
def update(
    ctx: typer.Context,
    name: Name,
    version: Version = None,
    description: Description = None,
    no_wait: NoWait = False,
    timeout: Timeout = 900,
) -> None:
    """Let an endpoint lead to another version."""
    from agentcore_cli.operations.deploy.endpoints import EndpointRequest, update_endpoint

    if version is None and description is None:
        raise InputError(f"endpoints update {name}: nothing to change", hint="give --version N or --description TEXT")
    _run(ctx, update_endpoint, EndpointRequest(name, version, description, not no_wait, timeout))


@app.command()
def delete(
    ctx: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    no_wait: NoWait = False,
    timeout: Timeout = 900,
) -> None:
    """Delete an endpoint, and end its sessions."""
    from agentcore_cli.operations.deploy.endpoints import EndpointRequest, delete_endpoint

    out = Globals.of(ctx).output()
    if not yes and not out.confirm(f"- endpoint {name!r} with its sessions", "Delete this?"):
        raise InputError("nothing was deleted: the answer was no")
    _run(ctx, delete_endpoint, EndpointRequest(name, wait=not no_wait, timeout=timeout))


def _run(
    ctx: typer.Context,
    operation: Callable[[EndpointRequest, Selected, Listener], EndpointResult],
    request: EndpointRequest,
) -> None:
    said = Globals.of(ctx)
    out = said.output()
    result = perform(ctx, lambda selected, listener: operation(request, selected, listener), look="endpoints list")
    out.result(result, _human(result))
    if result.endpoint and result.changed and not out.json:
        out.note(f"next: {said.select().command('invoke')} --qualifier {request.name} PAYLOAD")


def _human(result: EndpointResult) -> str:
    if result.endpoint is None:
        return f"{result.name}: deleted"
    live = result.endpoint.live_version or f"{result.endpoint.target_version}, not there yet"
    return f"{result.name}: version {live} ({result.endpoint.status})" + ("" if result.changed else ", as before")
