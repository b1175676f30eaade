"""The one object a command talks through: results out, progress, notes and questions beside them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from agentcore_cli.errors import AgentcoreError, InputError, ReaderLeft
from agentcore_cli.events import Event, Listener, Note
from agentcore_cli.formats.log_records import readable
from agentcore_cli.ui import terminal
from agentcore_cli.ui.json_lines import line
from agentcore_cli.ui.progress import JsonProgress, LiveProgress, PlainProgress, Progress, QuietProgress

_PATIENCE_SECONDS: Final = 4.0


class Output:
    """stdout carries the result alone (`result`, `line`, `piece`); everything else goes to stderr."""

    def __init__(self, *, json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        self.json = json
        self.quiet = quiet
        self.verbose = verbose
        self._painter: Progress | None = None

    def result(self, value: Any, human: str = "", *, last_of_stream: bool = False) -> None:
        """The result: `value` as one JSON object with `--json`, else `human`.

        `last_of_stream` marks it as the last of several objects (`"event": "result"`).
        """
        if self.json:
            _write(line(value, event="result" if last_of_stream else None) + "\n")
        elif human:
            _write(human + "\n")

    def event(self, name: str, value: Any) -> None:
        """One JSON object of a stream; only with `--json`."""
        _write(line(value, event=name) + "\n")

    def piece(self, text: str, *, trusted: bool = False) -> None:
        """A piece of text as it arrives; on a terminal the control characters of others are made visible."""
        _write(text if trusted or not sys.stdout.isatty() else terminal.printable(text))

    def log_line(self, timestamp: str, label: str | None, message: str) -> None:
        """A line of an agent's log with its time and, where lines of several sessions mix, the session's label; on a
        terminal the SDK's records are their text.
        """
        dim, reset = ("\033[2m", "\033[0m") if terminal.is_terminal(sys.stdout) else ("", "")
        head = terminal.printable(f"{timestamp} {label}" if label else timestamp)
        self.piece(f"{dim}{head}{reset} ", trusted=True)
        self.piece((readable(message) if sys.stdout.isatty() else message) + "\n")

    def binary(self, data: bytes) -> None:
        """Bytes of an answer as they are."""
        _write(data)

    def of_program(self, text: str, stream: str) -> None:
        """What a program elsewhere wrote to this stream of its own, to ours: as it is, but a terminal is not steered.

        Work is not ended because nobody reads its stderr.
        """
        if stream == "stdout":
            _write((terminal.printable(text) if sys.stdout.isatty() else text).encode())
            return
        with suppress(OSError):
            sys.stderr.buffer.write((terminal.printable(text) if sys.stderr.isatty() else text).encode())
            sys.stderr.flush()

    def note(self, message: str) -> None:
        """Something worth knowing, on stderr; nothing with `--quiet`."""
        if not self.quiet:
            terminal.tell(terminal.printable(message), sys.stderr)

    def aside(self, text: str) -> None:
        """Something that was asked for beside the result, printable already, on stderr."""
        terminal.tell(text, sys.stderr)

    def hear(self, event: Event) -> None:
        """Notes of an operation that shows no progress."""
        if isinstance(event, Note) and not self.json:
            self.note(event.message)

    def warning(self, message: str) -> None:
        PlainProgress(sys.stderr)(Note(message, "warning"))

    @contextmanager
    def progress(self, *, json_events: bool = False) -> Iterator[Listener]:
        """A listener for an operation's events. With `--json`, events are printed only where the verb streams them."""
        painter: Progress
        if self.json and json_events:
            painter = JsonProgress()
        elif self.json or self.quiet:
            painter = QuietProgress(sys.stderr)
        elif terminal.is_terminal(sys.stderr):
            painter = LiveProgress()
        else:
            painter = PlainProgress(sys.stderr)
        self._painter = painter
        try:
            yield painter
        finally:
            painter.close()
            self._painter = None

    @contextmanager
    def wait(self, message: str) -> Iterator[None]:
        """Say this to a person for whom it takes longer than a few seconds."""
        if self.json or not sys.stderr.isatty():
            yield
            return
        import threading

        timer = threading.Timer(_PATIENCE_SECONDS, self.note, [message])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def can_ask(self) -> bool:
        return not self.json and terminal.can_ask()

    def confirm(self, about: str, question: str, *, option: str = "--yes") -> bool:
        """A yes or no, after `about`, which is printable, was shown.

        Raises InputError that names `option` when there is nobody to ask.
        """
        if self._painter is not None:
            self._painter.close()
        if not self.json:
            terminal.tell(about, sys.stderr)
        if not self.can_ask():
            raise InputError(f"{question} There is no terminal to answer on", hint=f"give {option}")
        return self._read(f"{question} [y/N] ").lower() in ("y", "yes")

    def ask(self, question: str, default: str | None, *, option: str) -> str:
        """A line of text, `default` when it is left empty. Raises InputError that names `option` without a terminal."""
        if not self.can_ask():
            raise InputError(f"{question}: there is no terminal to answer on", hint=f"give {option}")
        answer = self._read(f"{question}{f' [{default}]' if default else ''}: ")
        return answer or (default or "")

    def ask_secret(self, question: str, *, option: str) -> str:
        """A line that is not shown while it is typed. Raises InputError that names `option` without a terminal."""
        if not self.can_ask():
            raise InputError(f"{question}: there is no terminal to answer on", hint=f"give {option}")
        from getpass import getpass

        return getpass(f"{question}: ", stream=sys.stderr)

    @staticmethod
    def _read(prompt: str) -> str:
        from agentcore_cli.ui import keyboard

        print(prompt, end="", file=sys.stderr, flush=True)
        answer = keyboard.read_line()
        if not answer:
            raise KeyboardInterrupt
        return answer.strip()


def _write(data: str | bytes) -> None:
    """To stdout, now. Raises ReaderLeft when nobody reads it any more, AgentcoreError when it can't be written."""
    try:
        if isinstance(data, bytes):
            sys.stdout.buffer.write(data)
        else:
            sys.stdout.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderLeft from None
    except OSError as error:
        raise AgentcoreError(f"stdout: can't be written: {error.strerror}") from error
