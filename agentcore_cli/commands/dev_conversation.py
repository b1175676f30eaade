"""The conversation of `dev`: it goes over to new code, and can say again there what was said before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from agentcore_cli.commands.conversation import HELP, Conversation
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.operations import destination
from agentcore_cli.operations.dev.replay import SaidTurn, replay
from agentcore_cli.operations.invoke.chat import Chat

if TYPE_CHECKING:
    from agentcore_cli.commands.dev_window import DevWindow
    from agentcore_cli.operations.dev.reloads import Reloads
    from agentcore_cli.operations.invoke.chat import Said

_HELP: Final = f"""\
{HELP}
/keep            after a save: stay in the session of the old code, or go back to it
/replay          say to the new code what was said so far, and show where the answers differ
/agent NAME      talk with another agent of this window"""


@dataclass(slots=True, kw_only=True)
class DevConversation(Conversation):
    """`agents` are those of the window, `talks` the conversations that were begun, `turns` what was said in the session
    of now.

    With `replays` each save has that said again.
    """

    window: DevWindow
    agents: dict[str, Reloads]
    talks: dict[str, Chat]
    replays: bool = False
    turns: list[SaidTurn] = field(default_factory=list)
    before: tuple[str, list[SaidTurn]] | None = None  # the session that was left for new code, and its turns
    outdated: set[str] = field(default_factory=set)  # agents that have new code, and were not talked with since
    words: list[str] = field(default_factory=list)
    turning: threading.RLock = field(default_factory=threading.RLock)

    @property
    def agent(self) -> str:
        return next(name for name, talk in self.talks.items() if talk is self.talk)

    @property
    def is_outdated(self) -> bool:
        return self.agent in self.outdated

    def speaks_with(self, agent: str) -> bool:
        return self.talks.get(agent) is self.talk

    def has_new_version(self) -> None:
        """Called from the thread that reloads."""
        if self.replays and self.turns:
            with self.turning:
                try:
                    self._replay(None)
                except AgentcoreError as error:
                    self.window.note(f"not said again: {error.message}")

    def _commands(self) -> dict[str, Callable[[str | None], None]]:
        more = {"keep": self._keep, "replay": self._replay, "agent": self._agent}
        return {**Conversation._commands(self), **more}

    def _help(self, _: str | None) -> None:
        self.out.note(_HELP)

    def _new(self, name: str | None) -> None:
        Conversation._new(self, name)
        self.turns, self.before = [], None
        self.outdated.discard(self.agent)

    def _keep(self, _: str | None) -> None:
        if not self.is_outdated and self.before is not None:
            session, self.turns = self.before
            self.talk.begin(session)
            self.before = None
        self.outdated.discard(self.agent)
        self.out.note(f"session {self.talk.session} goes on with the code that it has")

    def _agent(self, name: str | None) -> None:
        if name not in self.agents:
            self.out.note(f"/agent NAME: one of {', '.join(self.agents)}")
            return
        if not self.agents[name].serving:
            self.out.note(f"agent {name}: nothing of it serves yet; mend it and save")
            return
        if name not in self.talks:
            self.talks[name] = Chat(destination.of(self.agents[name].selected, None))
            self.outdated.discard(name)
        self.talk = self.talks[name]
        self.turns, self.before = [], None
        self.out.note(f"agent {name}, session {self.talk.session}")

    def _replay(self, _: str | None) -> None:
        if not self.turns:
            self.out.note("nothing was said yet")
            return
        talk = Chat(self.talk.destination, manner=self.talk.manner)
        if self.window.debug is not None:
            self._leave_session()
        answers: list[SaidTurn] = []
        for again in replay(self.turns, talk):
            answers.append(SaidTurn(again.said, again.after))
            if self.out.json:
                shown = {"turn": again.turn, "said": again.said, "before": again.before, "after": again.after}
                self.out.event("replay", {**shown, "same": again.is_same})
            else:
                self.window.note(f"turn {again.turn}: {'the same' if again.is_same else again.said}")
                if not again.is_same:
                    self.window.note(again.difference)
        if self.window.debug is None:
            self.before = (self.talk.session, self.turns)
        self.talk.begin(talk.session)
        self.turns = answers
        self.outdated.discard(self.agent)
        self.window.note(f"session {self.talk.session} goes on from there; /keep goes back")

    def _leave_session(self) -> None:
        """For new code. Under a debugger it ends: the next one waits at the same port."""
        if self.window.debug is None:
            self.before = (self.talk.session, self.turns)
            return
        with suppress(AgentcoreError):  # it has ended by itself, or never began
            self.talk.stop()

    def _turn(self, text: str) -> None:
        with self.turning:
            if self.is_outdated:
                self._leave_session()
                self.talk.begin(None)
                self.turns = []
                self.outdated.discard(self.agent)
                self.out.note(f"new code: session {self.talk.session}")
            self.words = []
            Conversation._turn(self, text)
            self.turns = [*self.turns, SaidTurn(text, "".join(self.words))]
            self.window.stands_in_line = False

    def _show(self, said: Said) -> str:
        with self.window.lock:
            self.words.append(said.words)
            shown = Conversation._show(self, said)
            self.window.stands_in_line = bool(shown) and not shown.endswith("\n")
            return shown
