"""Where the lines of a conversation come from: a prompt with history on a terminal, else stdin line by line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from agentcore_cli.ui.keyboard import read_line
from agentcore_cli.ui.terminal import tell

if TYPE_CHECKING:
    from prompt_toolkit.application import Application
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings

_PROMPT = "> "


class Lines(Protocol):
    def read(self) -> str | None:
        """What was said, which may be several lines; None at the end. Raises KeyboardInterrupt."""
        ...


def lines(history: Path, *, keeps_below: bool = False) -> Lines:
    """A prompt where there is a terminal that can draw one. `history` is kept from one conversation to the next.

    With `keeps_below` the prompt stays below what is written meanwhile.
    """
    if sys.stdin.isatty() and sys.stderr.isatty():
        is_dumb = os.environ.get("TERM", "dumb") == "dumb"
        return PlainPrompt(prompt=True) if is_dumb else TerminalPrompt(history, keeps_below=keeps_below)
    return PlainPrompt(prompt=False)


class PlainPrompt:
    """stdin line by line; a backslash at the end of a line goes on in the next."""

    def __init__(self, *, prompt: bool) -> None:
        self._prompt = prompt

    def read(self) -> str | None:
        said: list[str] = []
        while True:
            if self._prompt:
                print(_PROMPT, end="", file=sys.stderr, flush=True)
            line = read_line().removeprefix("\ufeff")  # as PowerShell begins a pipe
            if not line and not said:
                return None
            said.append(line.rstrip("\n").removesuffix("\\"))
            if not line.rstrip("\n").endswith("\\"):
                return "\n".join(said)


class TerminalPrompt:
    """prompt_toolkit on stderr, as stdout is for the answers: Enter sends, Alt-Enter or a backslash before Enter begins
    a new line, the arrows go through what was said before.
    """

    def __init__(self, history: Path, *, keeps_below: bool = False) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.output import create_output

        self._keeps_below = keeps_below
        self._session: PromptSession[str] = PromptSession(
            multiline=True,
            history=_history(history),
            key_bindings=_keys(),
            prompt_continuation="  ",
            output=create_output(sys.stderr),
        )

    def read(self) -> str | None:
        with _at_the_prompt(self._session.app):
            try:
                return self._read_below() if self._keeps_below else self._read()
            except EOFError:
                return None

    def _read(self) -> str:
        return self._session.prompt(_PROMPT, handle_sigint=False)

    def _read_below(self) -> str:
        from prompt_toolkit.application import create_app_session

        from agentcore_cli.ui.above_prompt import AbovePrompt

        with ExitStack() as held:
            held.enter_context(create_app_session(output=self._session.output))
            above = held.enter_context(AbovePrompt())
            held.enter_context(redirect_stdout(above))
            held.enter_context(redirect_stderr(above))
            return self._read()


@contextmanager
def _at_the_prompt(application: Application[str]) -> Iterator[None]:
    """Ctrl-C ends the prompt, once it is there, and is raised when it is away.

    Raised where it comes, it would leave halves while the prompt comes or goes: an event loop that is not finished
    tells of itself with a traceback, a terminal may stay raw.
    """
    import signal

    came = False

    def leave() -> None:
        if came and application.future and not application.future.done():
            application.exit(exception=KeyboardInterrupt, style="class:aborting")

    def hear(_number: int, _frame: object) -> None:
        nonlocal came
        came = True
        if application.loop:
            application.loop.call_soon_threadsafe(leave)

    before = signal.signal(signal.SIGINT, hear)
    application.pre_run_callables.append(leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def _history(path: Path) -> History:
    """Kept in a file that only its owner can read; in memory where it can't be written."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    except OSError:
        tell(f"{path}: can't be written; the history is of this conversation alone", sys.stderr)
        return InMemoryHistory()
    return FileHistory(path)


def _keys() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("escape", "enter")
    def _(event: Any) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("enter")
    def _(event: Any) -> None:
        buffer = event.current_buffer
        if buffer.document.text_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    return keys
