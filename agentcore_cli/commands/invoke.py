"""`agentcore invoke`: the answer on stdout, the session beside it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.contract import DEFAULT_ENDPOINT, SYNC_REQUEST_SECONDS
from agentcore_cli.errors import AgentcoreError, InputError, Interrupted

if TYPE_CHECKING:
    from agentcore_cli.operations.invoke import Invocation
    from agentcore_cli.ui import Output


def invoke(
    ctx: typer.Context,
    payload: Annotated[str | None, typer.Argument(help="JSON, text (sent as a prompt), @FILE, or - for stdin.")] = None,
    session: Annotated[str | None, typer.Option("--session-id", "-s", metavar="NAME", help="Any name.")] = None,
    qualifier: Annotated[str, typer.Option(metavar="E", help="The endpoint.")] = DEFAULT_ENDPOINT,
    user_id: Annotated[str | None, typer.Option(metavar="ID", help="The end user's id.")] = None,
    header: Annotated[list[str] | None, typer.Option(metavar="K:V", help="A custom header.")] = None,
    content_type: Annotated[str | None, typer.Option(metavar="TYPE", help="Send the payload as it is.")] = None,
    accept: Annotated[str | None, typer.Option(metavar="TYPE", help="What the answer may be.")] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=1, help="Seconds of silence.")] = SYNC_REQUEST_SECONDS,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the answer to a file.")] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Pass the answer's bytes through.")] = False,
) -> None:
    """Send a payload to the agent and print its answer.

    Calls with the same --session-id share one isolated environment; without it the call gets a new one.
    """
    from agentcore_cli.names import new_session_id
    from agentcore_cli.operations.invoke import InvokeRequest
    from agentcore_cli.operations.invoke import invoke as run
    from agentcore_cli.operations.payload import read_payload
    from agentcore_cli.operations.selection import select

    said = Globals.of(ctx)
    out = said.output()
    _check_form(output, raw=raw, json=said.json)
    selected = select(said.options())
    request = InvokeRequest(
        payload=read_payload(payload, content_type),
        session=new_session_id() if session is None else session,
        endpoint=qualifier,
        user_id=user_id,
        accept=accept,
        headers=tuple(header or ()),
        timeout=timeout,
    )
    again = f"{selected.command('invoke')} --session-id {shlex.quote(request.session)} PAYLOAD"
    try:
        invocation = run(request, selected)
        _show(invocation, output, raw, out)
    except KeyboardInterrupt:
        raise Interrupted("interrupted; the session goes on", hint=again) from None
    if not out.json:
        is_new = session is None
        out.note(
            f"session {invocation.session}" + (f"; continue it: {again}" if is_new else f" ({invocation.session_id})")
        )


def _check_form(output: Path | None, *, raw: bool, json: bool) -> None:
    """Refuse what can't be written before the agent is called."""
    if raw and json:
        raise InputError("--raw and --json: choose one of them")
    if output is not None and (output.is_dir() or not output.absolute().parent.is_dir()):
        raise InputError(f"--output {output}: {'is a folder' if output.is_dir() else 'there is no such folder'}")


def _show(invocation: Invocation, output: Path | None, raw: bool, out: Output) -> None:
    if output is not None:
        _save(invocation, output, out)
    elif raw:
        for piece in invocation.pieces():
            out.binary(piece)
    elif invocation.streams:
        _show_stream(invocation, out)
    else:
        _show_whole(invocation, out)


def _save(invocation: Invocation, path: Path, out: Output) -> None:
    try:
        with path.open("wb") as file:
            size = sum(file.write(piece) for piece in invocation.pieces())
    except OSError as error:
        raise AgentcoreError(f"--output {path}: {error.strerror}") from error
    out.result(_envelope(invocation) | {"output": path, "bytes": size})
    out.note(f"{size:,} bytes of {invocation.answer.content_type} in {path}")


def _show_stream(invocation: Invocation, out: Output) -> None:
    from agentcore_cli.operations.sse import SseParser

    parser = SseParser()
    count = 0
    ends_line = True
    for piece in invocation.pieces():
        for event in parser.feed(piece):
            count += 1
            if out.json:
                out.event("data", {"type": event.event, "data": _parsed(event.data)})
            else:
                text = _event_text(event.data)
                ends_line = text.endswith("\n")
                out.piece(text)
    if out.json:
        out.result(_envelope(invocation) | {"events": count}, last_of_stream=True)
    elif not ends_line:
        out.piece("\n")


def _event_text(data: str) -> str:
    """A JSON string is a piece of text; anything else is a line of its own."""
    value = _parsed(data)
    return value if isinstance(value, str) and data.startswith('"') else data + "\n"


def _show_whole(invocation: Invocation, out: Output) -> None:
    body = b"".join(invocation.pieces())
    if out.json:
        out.result(_envelope(invocation) | {"response": _response(body)})
        return
    import sys

    try:
        text = body.decode()
    except UnicodeDecodeError:
        out.binary(body)
        return
    if sys.stdout.isatty():
        text = _pretty(text)
    out.piece(text if text.endswith("\n") or not text else text + "\n")


def _pretty(text: str) -> str:
    import json

    value = _parsed(text)
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2)


def _parsed(text: str) -> object:
    """The JSON value in `text`, or `text` where it is none."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def _response(body: bytes) -> object:
    try:
        return _parsed(body.decode())
    except UnicodeDecodeError:
        return body


def _envelope(invocation: Invocation) -> dict[str, object]:
    return {
        "session": invocation.session,
        "session_id": invocation.session_id,
        "status_code": invocation.answer.status,
        "content_type": invocation.answer.content_type,
    }
