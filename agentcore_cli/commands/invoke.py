"""`agentcore invoke`: the answer on stdout, the session beside it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.contract import SYNC_REQUEST_SECONDS
from agentcore_cli.errors import AgentFailedError, InputError, Interrupted, StillInProgressError

if TYPE_CHECKING:
    from agentcore_cli.operations.configure.wording import Wording
    from agentcore_cli.operations.destination import Destination
    from agentcore_cli.operations.invoke.payload import Payload
    from agentcore_cli.ui import Output


def invoke(
    ctx: typer.Context,
    payload: Annotated[str | None, typer.Argument(help="JSON, text (sent as a prompt), @FILE, or - for stdin.")] = None,
    session: Annotated[str | None, typer.Option("--session-id", "-s", metavar="NAME", help="Any name.")] = None,
    again: Annotated[bool, typer.Option("--continue", "-c", help="The session that was used last.")] = False,
    qualifier: Annotated[str | None, typer.Option(metavar="E", help="The endpoint.")] = None,
    arn: Annotated[str | None, typer.Option(metavar="ARN", help="Any runtime; needs no config.")] = None,
    user_id: Annotated[str | None, typer.Option(metavar="ID", help="The end user's id.")] = None,
    header: Annotated[
        list[str] | None, typer.Option(metavar="K:V", help="A custom header, or one for traces or MCP.")
    ] = None,
    bearer_token: Annotated[
        str | None,
        typer.Option(metavar="T|-|@FILE", help="A token from stdin or a file; else AGENTCORE_BEARER_TOKEN."),
    ] = None,
    content_type: Annotated[str | None, typer.Option(metavar="TYPE", help="Send the payload as it is.")] = None,
    accept: Annotated[str | None, typer.Option(metavar="TYPE", help="What the answer may be.")] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=1, help="Seconds of silence.")] = SYNC_REQUEST_SECONDS,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the answer to a file.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Pass the answer's bytes through.")] = False,
    agent_card: Annotated[bool, typer.Option("--agent-card", help="What an A2A agent says of itself.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="Show what the call did, after its answer.")] = False,
    keep_transcripts: Annotated[
        bool, typer.Option("--keep-transcripts", help="Keep what was said for `sessions show`.")
    ] = False,
) -> None:
    """Send a payload to the agent and print its answer.

    Calls with the same --session-id share one isolated environment; without it the call gets a new one.
    """
    from agentcore_cli.commands.answers import show
    from agentcore_cli.commands.destinations import choose_destination, choose_session, told_while_starting
    from agentcore_cli.operations.invoke.bearer import is_exposed, read_bearer
    from agentcore_cli.operations.invoke.invoke import InvokeRequest, wording
    from agentcore_cli.operations.invoke.invoke import invoke as run

    said = Globals.of(ctx)
    out = said.output()
    _check_form(said, raw=raw, output=output, again=again, session=session, arn=arn)
    _check_stdin(payload, bearer_token)
    if is_exposed(bearer_token):
        out.warning("a token on the command line is seen by all processes; better - or @FILE or AGENTCORE_BEARER_TOKEN")
    destination = choose_destination(said, arn, qualifier)
    chosen = choose_session(session, again, destination)
    headers, trace_id = _headers(header or (), traced=trace)
    words = wording(destination, chosen, headers)
    request = InvokeRequest(
        payload=_payload(payload, content_type, words, card=agent_card),
        session=chosen,
        user_id=user_id,
        accept=accept,
        headers=headers,
        bearer=read_bearer(bearer_token),
        timeout=timeout,
        card=agent_card,
        keep_transcript=keep_transcripts,
        trace_id=trace_id,
    )
    go_on = f"{destination.command('invoke')} --session-id {shlex.quote(chosen)} PAYLOAD"
    invocation = None
    try:
        with _traced(trace_id, destination, out):
            with (
                out.wait("no answer yet; Ctrl-C ends the waiting, and the session goes on"),
                told_while_starting(destination, chosen, out),
            ):
                invocation = run(request, destination)
            show(invocation, out, output=output, raw=raw)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; the session goes on", hint=go_on) from None
    except StillInProgressError as error:
        error.hint = "; ".join(filter(None, [error.hint, f"the session goes on: {go_on}"]))
        raise
    finally:
        if invocation is not None and (news := invocation.remember()):
            out.warning(news)
    if not out.json:
        is_new = session is None and not again
        told = f"; continue it: {go_on}" if is_new else f" ({invocation.session_id})"
        out.note(f"session {invocation.session}{told}")


def _headers(given: Sequence[str], *, traced: bool) -> tuple[tuple[str, ...], str]:
    """The headers of the call, and the id of the trace that they name, "" where none is asked for."""
    if not traced:
        return tuple(given), ""
    from agentcore_cli.operations.traces import following

    return following.traced(given)


@contextmanager
def _traced(trace_id: str, destination: Destination, out: Output) -> Iterator[None]:
    """Beside the answer, when it is there or the agent has failed, what the call did; with `--json` its id alone."""
    try:
        yield
    except AgentFailedError:
        _show_trace(trace_id, destination, out)
        raise
    _show_trace(trace_id, destination, out)


def _show_trace(trace_id: str, destination: Destination, out: Output) -> None:
    if not trace_id or out.json:
        return
    from agentcore_cli.commands.traces import painted
    from agentcore_cli.operations.traces.following import after_call

    with out.wait("waiting for what the agent says of its work; Ctrl-C ends the waiting"):
        found = after_call(trace_id, destination)
    if found is None:
        out.warning(f"trace {trace_id}: not there yet; {destination.command('traces show')} {trace_id}")
    else:
        out.aside(painted(found, sys.stderr))


def _check_form(
    said: Globals, *, raw: bool, output: Path | None, again: bool, session: str | None, arn: str | None
) -> None:
    """Refuse what contradicts itself, or can't be written, before anything is called."""
    if raw and said.json:
        raise InputError("--raw and --json: choose one of them")
    if again and session is not None:
        raise InputError("--continue and --session-id: choose one of them")
    if again and arn is not None:
        raise InputError("--continue and --arn: only a project knows which session was its last")
    if output is not None and (output.is_dir() or not output.absolute().parent.is_dir()):
        raise InputError(f"--output {output}: {'is a folder' if output.is_dir() else 'there is no such folder'}")


def _check_stdin(payload: str | None, bearer_token: str | None) -> None:
    if payload == bearer_token == "-":
        raise InputError("PAYLOAD - and --bearer-token -: stdin can be but one of them")


def _payload(argument: str | None, content_type: str | None, words: Wording, *, card: bool) -> Payload:
    from agentcore_cli.operations.invoke.payload import Payload, read_payload

    if not card:
        return read_payload(argument, content_type, wording=words)
    if argument is not None:
        raise InputError("--agent-card and PAYLOAD: choose one of them")
    return Payload(b"", "")
