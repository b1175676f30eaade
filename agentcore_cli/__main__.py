"""The process: `agentcore` and `python -m agentcore_cli`."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from types import FrameType

_OBJECTS = 100_000  # start-up makes tens of thousands that last; to look for cycles among them takes a twentieth of it
_MOMENT_SECONDS = 0.001
_AGAIN_SECONDS = 0.01
_INTERRUPTED = 130  # errors.INTERRUPTED; that is not loaded when Ctrl-C comes this early


def run() -> None:
    """Run the command line in sys.argv and exit with its code."""
    gc.set_threshold(_OBJECTS)
    sys.unraisablehook = _raise_again
    try:
        sys.stdin, sys.stdout, sys.stderr = _usable(sys.stdin), _usable(sys.stdout), _usable(sys.stderr)
        from agentcore_cli.main import main

        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        _end_with_a_code()
    _let_go(sys.stdout)
    _let_go(sys.stderr)
    sys.exit(code)


def _usable(stream: TextIO | None) -> TextIO:
    """`stream`, or a way to nowhere where it was closed; what its encoding lacks becomes an escape."""
    if stream is None:
        return open(os.devnull, "r+")
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    return stream


def _raise_again(lost: UnraisableHookArgs) -> None:
    """What a signal's handler raised in a destructor or a weak reference's callback, where Python drops it, is raised
    again a moment later; anything else is reported as ever.

    The moment comes again and again: one may come before Python has left that place, or before a wait begins that would
    not hear of it.
    """
    import signal

    ending = lost.exc_value
    if not isinstance(ending, (KeyboardInterrupt, SystemExit)):
        sys.__unraisablehook__(lost)
        return

    def end(_number: int, frame: FrameType | None) -> None:
        while frame and frame.f_code is not _raise_again.__code__:
            frame = frame.f_back
        if frame is None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise ending.with_traceback(None)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, _MOMENT_SECONDS, _AGAIN_SECONDS)


def _end_with_a_code() -> None:
    """`python -m` kills itself by SIGINT in the end, caught or not, if one came while it ran a text as code, as for
    each dataclass that it makes (`unhandled_keyboard_interrupt` in Python/pythonrun.c). Blocked, that does nothing.
    """
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _let_go(stream: TextIO) -> None:
    """Keep the interpreter from writing again what could not be written: it would end with code 120 over that."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    run()
