"""`agentcore chat`: a conversation in one session."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import typer

from agentcore_cli.commands.globals import Globals
from agentcore_cli.contract import SYNC_REQUEST_SECONDS
from agentcore_cli.errors import DONE, AgentcoreError, InputError

if TYPE_CHECKING:
    from agentcore_cli.operations.chat import Chat, Said
    from agentcore_cli.ui import Output
    from agentcore_cli.ui.conversation import Lines

_HELP = """\
/new [NAME]      a new session, with a name if you like
/session [NAME]  which session this is; with a name: go on in that one
/stop            end the session; what you say next starts it afresh
/json            show answers as the agent gave them, or their words again
/quit            leave; so does Ctrl-D, or Ctrl-C twice
Ctrl-C stops an answer. Alt-Enter, or a backslash at the end, begins a new line. //TEXT says /TEXT."""


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
    from agentcore_cli.operations import destination
    from agentcore_cli.operations.bearer import is_exposed, read_bearer
    from agentcore_cli.operations.chat import Chat
    from agentcore_cli.operations.exchanges import history_file, last_session
    from agentcore_cli.operations.invoke import InvokeRequest
    from agentcore_cli.operations.payload import Payload
    from agentcore_cli.operations.selection import select
    from agentcore_cli.ui.conversation import lines

    if again and session is not None:
        raise InputError("--continue and --session-id: choose one of them")
    if bearer_token == "-":  # noqa: S105 - where from, and no token
        raise InputError("--bearer-token -: stdin is the conversation's", hint="--bearer-token @FILE")
    said = Globals.of(ctx)
    out = said.output()
    if is_exposed(bearer_token):
        out.warning("a token on the command line is seen by all processes; better @FILE or AGENTCORE_BEARER_TOKEN")
    there = destination.of(select(said.options()), qualifier)
    manner = InvokeRequest(
        Payload(b"", ""),
        user_id=user_id,
        headers=tuple(header or ()),
        bearer=read_bearer(bearer_token),
        timeout=timeout,
        keep_transcript=keep_transcripts,
    )
    talk = Chat(there, manner=manner)
    talk.check()
    if again or session is not None:
        talk.begin(last_session(there) if session is None else session)
    code = _Conversation(talk, out).hold(lines(history_file(there)))
    if out.json:
        out.result({"session": talk.session, "session_id": talk.session_id, "turns": talk.turns}, last_of_stream=True)
    elif talk.turns:
        out.note(f"continue it: {there.command('chat')} --session-id {shlex.quote(talk.session)}")
    if code != DONE:
        raise typer.Exit(code)


@dataclass(slots=True)
class _Conversation:
    """What is typed, turn by turn. `interrupts` counts Ctrl-C since something was said."""

    talk: Chat
    out: Output
    shows_json: bool = False
    interrupts: int = 0
    code: int = field(default=DONE)

    def hold(self, lines: Lines) -> int:
        """To the end; gives the exit code: of the last turn that failed, where nobody sits at a terminal."""
        if sys.stdin.isatty():
            self.out.note(f"session {self.talk.session}; /help lists the commands")
        while self.interrupts < 2:
            try:
                if (text := lines.read()) is None or not self._take(text.strip()):
                    break
            except KeyboardInterrupt:
                self.interrupts += 1
                if self.interrupts < 2:
                    self.out.note("Ctrl-C once more leaves; so does /quit")
        return DONE if sys.stdin.isatty() else self.code

    def _take(self, text: str) -> bool:
        """Do what was typed; whether the conversation goes on."""
        if not text:
            return True
        try:
            if text.startswith("/") and not text.startswith("//"):
                return self._command(*text[1:].split(maxsplit=1))
            self._turn(text.removeprefix("/") if text.startswith("//") else text)
        except AgentcoreError as error:
            self._fail(error)
        self.interrupts = 0
        return True

    def _command(self, verb: str = "", argument: str | None = None) -> bool:
        if verb in ("quit", "exit", "q"):
            return False
        if verb == "new" or (verb == "session" and argument):
            self.talk.begin(argument)
            self.out.note(f"session {self.talk.session}")
        elif verb == "session":
            self.out.note(f"session {self.talk.session} ({self.talk.session_id})")
        elif verb == "stop":
            self.talk.stop()
            self.out.note(f"session {self.talk.session} stopped; what you say next starts it afresh")
        elif verb == "json":
            self.shows_json = not self.shows_json
            self.out.note("answers as the agent gives them" if self.shows_json else "the words of the answers")
        else:
            self.out.note(_HELP if verb == "help" else f"/{verb}: no such command; /help lists them")
        return True

    def _turn(self, text: str) -> None:
        shown = "\n"
        answer = self.talk.say(text)
        try:
            for said in answer:
                shown = self._show(said) or shown
        except KeyboardInterrupt:
            self.interrupts = 1
            self.out.note("\nstopped; the agent may go on by itself, the session is the same")
            return
        finally:
            answer.close()
            if not self.out.json and not shown.endswith("\n"):
                self.out.piece("\n")
            if self.talk.news:
                self.out.warning(self.talk.news)
        if self.out.json:
            self.out.event("answer", self._answer())

    def _show(self, said: Said) -> str:
        """Print a part of an answer; gives what was printed."""
        from agentcore_cli.commands.answers import json_event, pretty

        if self.out.json:
            if said.event is not None:
                self.out.event("data", {"turn": self.talk.turns} | json_event(said.event))
            else:
                self.out.event("data", {"turn": self.talk.turns, "type": "message", "id": None, "data": said.whole})
            return ""
        text = said.words
        if self.shows_json:
            text = (said.event.text if said.event else "") if said.whole is None else pretty(said.whole)
        self.out.piece(text)
        return text

    def _answer(self) -> dict[str, object]:
        from agentcore_cli.commands.answers import envelope

        assert self.talk.last is not None, "there was an answer"
        return {"turn": self.talk.turns} | envelope(self.talk.last)

    def _fail(self, error: AgentcoreError) -> None:
        from agentcore_cli.ui.failures import show_failure

        self.code = error.exit_code
        show_failure(error, as_json=self.out.json, traceback=self.out.verbose)
