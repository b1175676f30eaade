"""What is typed: lines and keys of stdin. Waiting for them, a signal is heard at any instant.

Python looks at signals between its steps. One that comes after the last look and before a read(2) or pause(2) begins
would wait for the line as well, so nothing here blocks but a select that signals end, too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO


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
    """Keys of the terminal as they are pressed, empty at its end; the terminal is as it was afterwards."""
    import termios
    import tty

    before: list[Any] = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield _read_key
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _read_key() -> str:
    _wait(sys.stdin)
    return os.read(sys.stdin.fileno(), 1).decode("latin-1")


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
