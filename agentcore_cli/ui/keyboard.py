"""What is typed: lines and keys of stdin. Waiting for them, a signal is heard at any instant.

Python looks at signals between its steps. One that comes after the last look and before a read(2) or pause(2) begins
would wait for the line as well, so nothing here blocks but a select that signals end, too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

_PASTED: Final = 4096  # bytes, as much as a terminal keeps


def read_line() -> str:
    """The next line of stdin, with its end; empty at the end. Raises KeyboardInterrupt."""
    if sys.stdin.isatty():  # each read of a terminal takes one line, so that none is in a buffer
        _wait(sys.stdin)
    return sys.stdin.readline()


def wait_for_signal() -> None:
    """Until a signal came that has a handler; its handler ran."""
    _wait()


@contextmanager
def keys() -> Iterator[Callable[[], str]]:
    """The keys of the terminal that have been pressed, all that are there at once, so that what is pasted, and a key of
    several bytes, can be told from one; empty at its end.

    The terminal is as it was afterwards, and while Ctrl-Z stops us.
    """
    import signal
    import termios
    import tty

    before: list[Any] = termios.tcgetattr(sys.stdin)

    def listen() -> None:
        if _is_in_front():
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)

    def leave() -> None:
        if _is_in_front():
            with contextlib.suppress(termios.error):  # it was closed
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def stop(number: int, _frame: object) -> None:
        leave()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        signal.signal(number, stop)

    handlers = {signal.SIGTSTP: stop, signal.SIGCONT: lambda _number, _frame: listen()}
    replaced = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        listen()
        yield _read_keys
    finally:
        for number, handler in replaced.items():
            signal.signal(number, handler)
        leave()


def _is_in_front() -> bool:
    """Whether the terminal is ours: it stops whoever changes it from the background."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:  # it is nobody's
        return True


def _read_keys() -> str:
    _wait(sys.stdin)
    try:
        return os.read(sys.stdin.fileno(), _PASTED).decode(errors="replace")
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return ""  # the terminal was closed


def _wait(*streams: TextIO) -> None:
    """Until one of `streams` has something to read, or a signal came."""
    import select
    import signal

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    sources: list[TextIO | int] = [*streams, reader]
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        select.select(sources, [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)
