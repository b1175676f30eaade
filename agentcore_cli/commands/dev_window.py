"""What `dev` shows beside the conversation, from several threads: what came of saves, and what sessions write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from agentcore_cli.errors import AgentcoreError, ReaderLeft
from agentcore_cli.events import Event, Listener, Note
from agentcore_cli.formats.log_records import readable
from agentcore_cli.names import name_of_session
from agentcore_cli.operations.dev.reloads import Reloaded

if TYPE_CHECKING:
    from agentcore_cli.commands.dev_conversation import DevConversation
    from agentcore_cli.operations.dev.development import LoggedLine
    from agentcore_cli.operations.page.opening import OpenedPage
    from agentcore_cli.ui import Output

_LABEL = 12  # characters


class DevWindow:
    """Whole lines, one after the other; an answer that stands in the middle of a line is broken there.

    `listener` hears of the first deploy. Without a conversation (`chats`) the logs are the result.
    `debug` is the port where sessions wait for an editor.
    """

    def __init__(self, out: Output, *, chats: bool, debug: int | None) -> None:
        self.out = out
        self.listener: Listener | None = None
        self.conversation: DevConversation | None = None
        self.names_agents = False
        self.lock = threading.RLock()
        self.stands_in_line = False
        self.debug = debug
        self.chats = chats
        self._closed = False

    def tell(self, event: Event) -> None:
        """Of a deploy: all of the first; later notes, and how an installation goes on."""
        if self.listener is not None:
            self.listener(event)
        elif self.out.json:
            self._event("note" if isinstance(event, Note) else "step", event)
        elif isinstance(event, Note):
            self.note(event.message)
        elif event.status == "progress":
            self.note(f"  {event.name}: {event.message}")

    def hear(self, told: Reloaded | LoggedLine) -> None:
        if isinstance(told, Reloaded):
            self._show_reload(told)
        else:
            self._show_line(told)

    def note(self, text: str) -> None:
        with self._whole_lines():
            self.out.note(text)

    def tell_of_debugging(self) -> None:
        if self.debug is not None:
            self.note(
                f"a session waits for an editor at 127.0.0.1:{self.debug}, one at a time; its code is in /var/task"
            )

    def show_page(self, page: OpenedPage) -> None:
        if self.out.json:
            self._event("page", {"url": page.url, "file": page.file, "opened": page.opened})
        elif page.opened:
            self.note(f"page: {page.url}")
        else:
            self.note(f"page: {page.file} lets a browser in, once, within {page.seconds:.0f} seconds")

    def close(self) -> None:
        with self.lock:
            self._closed = True

    @contextmanager
    def _whole_lines(self) -> Iterator[None]:
        """Held while lines are written: nobody else writes, and they begin at the start of a line."""
        with self.lock:
            if self.stands_in_line:
                self.stands_in_line = False
                with suppress(ReaderLeft, AgentcoreError):
                    self.out.piece("\n")
            yield

    def _event(self, name: str, value: object) -> None:
        with self.lock, suppress(ReaderLeft, AgentcoreError):  # the main thread finds out, too
            if not self._closed:
                self.out.event(name, value)

    def _show_line(self, told: LoggedLine) -> None:
        if self.out.json:
            line = told.line
            shown = {"timestamp": line.timestamp, "session_id": line.session_id, "message": line.message}
            self._event("log", {"agent": told.agent, **shown})
            return
        label = name_of_session(told.line.session_id)[:_LABEL]
        if self.names_agents:
            label = f"{told.agent}/{label}"
        if self.chats:
            self.note(f"{label} | {readable(told.line.message)}")
            return
        with self._whole_lines(), suppress(ReaderLeft, AgentcoreError):
            self.out.log_line(told.line.timestamp, label, told.line.message)

    def _show_reload(self, told: Reloaded) -> None:
        if self.conversation is not None and told.changed:
            self.conversation.outdated.add(told.agent)  # before anybody is told, and answers
        if self.out.json:
            fault = told.error and {"code": told.error.code, "message": told.error.message, "hint": told.error.hint}
            seconds = round(told.seconds, 3)
            shown = {"agent": told.agent, "version": told.version, "changed": told.changed, "seconds": seconds}
            self._event("reload", {**shown, "files": told.files, "fault": fault})
        else:
            self.note(self._text(told))
        if self.conversation is not None and told.changed and self.conversation.speaks_with(told.agent):
            self.conversation.has_new_version()

    def _text(self, told: Reloaded) -> str:
        whose = f"{told.agent}: " if self.names_agents else ""
        files = ", ".join(told.files[:3]) + (f" and {len(told.files) - 3} more" if len(told.files) > 3 else "")
        if told.error is not None:
            serves = f"version {told.version} goes on serving" if told.version else "nothing serves yet"
            hint = f"\n  next: {told.error.hint}" if told.error.hint else ""
            return f"✗ {whose}{told.error.message}{hint}\n  {serves}"
        if told.ended is not None:
            version = f"version {told.version}{'' if told.changed else ' again'} ({told.seconds:.2f}s)"
            ended = (
                f"{told.ended} session{'s' if told.ended > 1 else ''} ended" if told.ended else "no session was alive"
            )
            return f"✓ {whose}{version}: {ended}; the next call begins anew"
        if not told.changed:
            return f"= {whose}{files}: version {told.version} goes on, as nothing that runs here is different"
        text = f"✓ {whose}version {told.version} ({told.seconds:.2f}s): {files or 'what was saved meanwhile'}"
        if self.conversation is not None and self.conversation.speaks_with(told.agent):
            text += "; the next turn goes to a new session, /keep stays in this one"
            text += " (which ends otherwise)" if self.debug is not None else ""
        return text
