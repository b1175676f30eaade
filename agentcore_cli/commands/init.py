"""`agentcore init`: a folder with an agent that works."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals

if TYPE_CHECKING:
    from agentcore_cli.operations.configure.init import InitResult


def init(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Made if it is not there.")] = Path(),
    template: Annotated[str, typer.Option(metavar="NAME", help="session, strands or memory.")] = "session",
    name: Annotated[str | None, typer.Option("--name", "-n", metavar="NAME", help="The agent's name.")] = None,
) -> None:
    """Start a new project: a working agent, its requirements and its configuration.

    Nothing that is there is overwritten.
    """
    from agentcore_cli.operations.configure.init import InitRequest
    from agentcore_cli.operations.configure.init import init as run

    said = Globals.of(ctx)
    out = said.output()
    options = said.options()
    request = InitRequest(directory, template, name or options.agent, options.target, options.region)
    with out.progress() as listener:
        result = run(request, listener)
    out.result(result, _human(result))
    enter = "" if result.directory == Path.cwd() else f"cd {shlex.quote(str(directory))} && "
    out.note(f'next: {enter}agentcore deploy --local\n      agentcore invoke --local --session-id conv1 "Hello"')


def _human(result: InitResult) -> str:
    names = ", ".join(str(path.relative_to(result.directory)) for path in result.written)
    return f"agent {result.agent} in {result.directory}: {names}"
