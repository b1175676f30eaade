"""A conversation as it is held: what is typed is a turn, or a command that begins with a slash."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from agentcore_cli.errors import DONE, INTERRUPTED, AgentcoreError

if TYPE_CHECKING:
    from agentcore_cli.operations.invoke.chat import Chat, Said
    from agentcore_cli.ui import Output
    from agentcore_cli.ui.conversation import Lines

HELP: Final = """\
/new [NAME]      a new session, with a name if you like
/session [NAME]  which session this is; with a name: go on in that one
/stop            end the session; what you say next starts it afresh
/json            show answers as the agent gave them, or their words again
/quit            leave; so does Ctrl-D, or Ctrl-C twice
Ctrl-C stops an answer. Alt-Enter, or a backslash at the end, begins a new line. //TEXT says /TEXT."""
_LEAVES: Final = ("quit", "exit", "q")


@dataclass(slots=True)
class Conversation:
    """What is typed, turn by turn. `interrupts` counts Ctrl-C since something was said.

    `code` is that of the last turn that failed.
    """

    talk: Chat
    out: Output
    shows_json: bool = False
    interrupts: int = 0
    code: int = DONE

    def hold(self, lines: Lines) -> int:
        """To the end; gives the exit code.

        A person leaves with the second Ctrl-C and has seen what failed; a script that pipes its turns in leaves with
        the first, and is told of the last turn that failed.
        """
        is_person = sys.stdin.isatty()
        enough = 2 if is_person else 1
        if is_person:
            self.out.note(f"session {self.talk.session}; /help lists the commands")
        while self.interrupts < enough:
            try:
                if (text := lines.read()) is None or not self._take(text.strip()):
                    return DONE if is_person else self.code
            except KeyboardInterrupt:
                self.interrupts += 1
                if self.interrupts < enough:
                    self.out.note("Ctrl-C once more leaves; so does /quit")
        return INTERRUPTED

    def _take(self, text: str) -> bool:
        """Do what was typed; whether the conversation goes on."""
        if not text:
            return True
        try:
            if text.startswith("/") and not text.startswith("//"):
                self.interrupts = 0
                return self._command(*text[1:].split(maxsplit=1))
            self._turn(text.removeprefix("/") if text.startswith("//") else text)
        except AgentcoreError as error:
            self._fail(error)
        return True

    def _command(self, verb: str = "", argument: str | None = None) -> bool:
        """Do what a slash was typed for; whether the conversation goes on."""
        if verb in _LEAVES:
            return False
        if command := self._commands().get(verb):
            command(argument)
        else:
            self.out.note(f"/{verb}: no such command; /help lists them")
        return True

    def _commands(self) -> dict[str, Callable[[str | None], None]]:
        return {
            "new": self._new,
            "session": self._session,
            "stop": self._stop,
            "json": self._json,
            "help": self._help,
        }

    def _new(self, name: str | None) -> None:
        self.talk.begin(name)
        self.out.note(f"session {self.talk.session}")

    def _session(self, name: str | None) -> None:
        if name:
            self._new(name)
        else:
            self.out.note(f"session {self.talk.session} ({self.talk.session_id})")

    def _stop(self, _: str | None) -> None:
        self.talk.stop()
        self.out.note(f"session {self.talk.session} stopped; what you say next starts it afresh")

    def _json(self, _: str | None) -> None:
        self.shows_json = not self.shows_json
        self.out.note("answers as the agent gives them" if self.shows_json else "the words of the answers")

    def _help(self, _: str | None) -> None:
        self.out.note(HELP)

    def _turn(self, text: str) -> None:
        from agentcore_cli.commands.destinations import told_while_starting

        self.interrupts = 0
        shown, answer = "\n", self.talk.say(text)
        try:
            with told_while_starting(self.talk.destination, self.talk.session, self.out):
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
            self._close_turn()

    def _show(self, said: Said) -> str:
        """Print a part of an answer; gives what was printed."""
        from agentcore_cli.commands.answers import json_event, pretty

        if self.out.json:
            whole = {"type": "message", "id": None, "data": said.whole}
            self.out.event("data", {"turn": self.talk.turns} | (json_event(said.event) if said.event else whole))
            return ""
        text = said.words
        if self.shows_json:
            text = (said.event.text if said.event else "") if said.whole is None else pretty(said.whole)
        self.out.piece(text)
        return text

    def _close_turn(self) -> None:
        from agentcore_cli.commands.answers import envelope

        assert self.talk.last is not None, "there was an answer"
        self.out.event("answer", {"turn": self.talk.turns} | envelope(self.talk.last))

    def _fail(self, error: AgentcoreError) -> None:
        from agentcore_cli.ui.failures import show_failure

        self.code = error.exit_code
        show_failure(error, as_json=self.out.json, traceback=self.out.verbose)
