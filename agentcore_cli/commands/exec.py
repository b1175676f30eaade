"""`agentcore exec`: a command in a session, its streams and its exit code as our own."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.contract import COMMAND_SECONDS_DEFAULT, COMMAND_SECONDS_MAX
from agentcore_cli.errors import EXEC_FAILED, AgentcoreError, ExecFailed, InputError, Interrupted

if TYPE_CHECKING:
    from agentcore_cli.operations.destination import Destination
    from agentcore_cli.operations.invoke.exec import ExecRequest, Execution
    from agentcore_cli.ui import Output


def exec(
    ctx: typer.Context,
    command: Annotated[str, typer.Argument(help="For a shell, as one word: quote it.")],
    session: Annotated[str | None, typer.Option("--session-id", "-s", metavar="NAME", help="Any name.")] = None,
    again: Annotated[bool, typer.Option("--continue", "-c", help="The session that was used last.")] = False,
    qualifier: Annotated[str | None, typer.Option(metavar="E", help="The endpoint.")] = None,
    arn: Annotated[str | None, typer.Option(metavar="ARN", help="Any runtime; needs no config.")] = None,
    bearer_token: Annotated[
        str | None,
        typer.Option(metavar="T|-|@FILE", help="A token from stdin or a file; else AGENTCORE_BEARER_TOKEN."),
    ] = None,
    timeout: Annotated[
        int, typer.Option(metavar="S", min=1, max=COMMAND_SECONDS_MAX, help="Seconds that it may run.")
    ] = COMMAND_SECONDS_DEFAULT,
) -> int:
    """Run a shell command in a session of the agent: in its folder, with its environment, beside it.

    On a terminal, what it writes is seen and steers nothing; a pipe or a file gets it as it is. Exits
    with the command's own code; a failure of ours is 125.
    """
    from agentcore_cli.commands.destinations import choose_destination, choose_session
    from agentcore_cli.operations.invoke.bearer import is_exposed, read_bearer
    from agentcore_cli.operations.invoke.exec import ExecRequest

    said = Globals.of(ctx)
    try:
        if again and (session is not None or arn is not None):
            raise InputError(f"--continue and {'--arn' if arn else '--session-id'}: choose one of them")
        if is_exposed(bearer_token):
            said.output().warning("a token on the command line is seen by all processes; better - or @FILE")
        destination = choose_destination(said, arn, qualifier)
        name = choose_session(session, again, destination)
        request = ExecRequest(command, name, read_bearer(bearer_token), timeout)
        return _run(request, destination, said.output(), is_new=session is None and not again)
    except Interrupted as error:
        error.label = ExecFailed.label
        raise
    except AgentcoreError as error:
        raise ExecFailed.of(error) from error


def _run(request: ExecRequest, destination: Destination, out: Output, *, is_new: bool) -> int:
    from agentcore_cli.commands.destinations import told_while_starting
    from agentcore_cli.operations.invoke.exec import exec_

    go_on = f"{destination.command('exec')} --session-id {shlex.quote(request.session)} COMMAND"
    execution = None
    try:
        with told_while_starting(destination, request.session, out):
            execution = exec_(request, destination)
        code = _show(execution, request, out)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; the session goes on", hint=go_on) from None
    finally:
        if execution is not None and (news := execution.remember()):
            out.warning(news)
    if is_new and not out.json:
        out.note(f"agentcore: session {request.session}; continue it: {go_on}")
    return code


def _show(execution: Execution, request: ExecRequest, out: Output) -> int:
    """Pass the output through, or collect it for JSON; gives the exit code."""
    from agentcore_cli.operations.invoke.exec import Ended

    written = {"stdout": "", "stderr": ""}
    ended = Ended(-1, timed_out=False)
    for event in execution.events():
        if isinstance(event, Ended):
            ended = event
        elif out.json:
            written[event.stream] += event.text
        else:
            out.of_program(event.text, event.stream)
    status = {"exit_code": ended.exit_code, "status": "TIMED_OUT" if ended.timed_out else "COMPLETED"}
    out.result({"session": execution.session, "session_id": execution.session_id} | status | written)
    if not ended.timed_out:
        return ended.exit_code if 0 <= ended.exit_code <= 255 else EXEC_FAILED
    if out.json:
        return EXEC_FAILED
    raise AgentcoreError(f"the command was stopped after {request.timeout} s", hint="--timeout SECONDS")
