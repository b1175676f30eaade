"""`agentcore chat`: a conversation in one session."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.contract import SYNC_REQUEST_SECONDS
from agentcore_cli.errors import DONE, InputError

if TYPE_CHECKING:
    from agentcore_cli.operations.destination import Destination
    from agentcore_cli.operations.invoke.chat import Chat
    from agentcore_cli.operations.invoke.invoke import InvokeRequest
    from agentcore_cli.ui import Output


def chat(
    ctx: typer.Context,
    session: Annotated[str | None, typer.Option("--session-id", "-s", metavar="NAME", help="Any name.")] = None,
    again: Annotated[bool, typer.Option("--continue", "-c", help="The session that was used last.")] = False,
    qualifier: Annotated[str | None, typer.Option(metavar="E", help="The endpoint.")] = None,
    user_id: Annotated[str | None, typer.Option(metavar="ID", help="The end user's id.")] = None,
    header: Annotated[list[str] | None, typer.Option(metavar="K:V", help="A custom header.")] = None,
    bearer_token: Annotated[str | None, typer.Option(metavar="@FILE", help="A token, as with invoke.")] = None,
    timeout: Annotated[float, typer.Option(metavar="S", min=1, help="Seconds of silence.")] = SYNC_REQUEST_SECONDS,
    keep_transcripts: Annotated[
        bool, typer.Option("--keep-transcripts", help="Keep what was said for `sessions show`.")
    ] = False,
) -> None:
    """Talk with the agent, turn by turn, in one session.

    /help lists what can be typed beside words. Without a terminal each line of stdin is a turn.
    """
    from agentcore_cli.commands.conversation import Conversation
    from agentcore_cli.commands.destinations import choose_destination
    from agentcore_cli.operations.invoke.chat import history_file
    from agentcore_cli.operations.invoke.invoke import InvokeRequest
    from agentcore_cli.operations.invoke.payload import Payload
    from agentcore_cli.ui.conversation import lines

    if again and session is not None:
        raise InputError("--continue and --session-id: choose one of them")
    said = Globals.of(ctx)
    out = said.output()
    bearer = _bearer(bearer_token, out)
    there = choose_destination(said, None, qualifier)
    manner = InvokeRequest(
        Payload(b"", ""),
        user_id=user_id,
        headers=tuple(header or ()),
        bearer=bearer,
        timeout=timeout,
        keep_transcript=keep_transcripts,
    )
    talk = _begin(there, manner, session, again=again)
    code = Conversation(talk, out).hold(lines(history_file(there)))
    _end(talk, out)
    if code != DONE:
        raise typer.Exit(code)


def _bearer(token: str | None, out: Output) -> str | None:
    from agentcore_cli.operations.invoke.bearer import is_exposed, read_bearer

    if token == "-":  # noqa: S105 - where from, and no token
        raise InputError("--bearer-token -: stdin is the conversation's", hint="--bearer-token @FILE")
    if is_exposed(token):
        out.warning("a token on the command line is seen by all processes; better @FILE or AGENTCORE_BEARER_TOKEN")
    return read_bearer(token)


def _begin(there: Destination, manner: InvokeRequest, session: str | None, *, again: bool) -> Chat:
    """The conversation, in the session that was asked for. Raises InputError for what no turn could be sent with."""
    from agentcore_cli.operations.invoke.chat import Chat
    from agentcore_cli.operations.sessions.known import last_session

    talk = Chat(there, manner=manner)
    talk.check()
    if again or session is not None:
        talk.begin(last_session(there) if session is None else session)
    return talk


def _end(talk: Chat, out: Output) -> None:
    if out.json:
        out.result({"session": talk.session, "session_id": talk.session_id, "turns": talk.turns}, last_of_stream=True)
    elif talk.turns:
        out.note(f"continue it: {talk.destination.command('chat')} --session-id {shlex.quote(talk.session)}")
