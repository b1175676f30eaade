"""Watching and ending child processes without polling."""

import contextlib
import os
import signal
from types import FrameType


class Watch:
    """A descriptor that becomes readable when a child has ended: for `poll`, beside others."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        for end in (self._read, self._write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _note)

    def fileno(self) -> int:
        return self._read

    def reap(self) -> "dict[int, int]":
        """Wait status by process id of the children that have ended since the last call."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._read, 512):
                pass
        return reap()

    def close(self) -> None:
        """Undo it, in a child that inherited it."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self._read)
        os.close(self._write)


def reap() -> "dict[int, int]":
    """Wait status by process id of all children that have ended and were not waited for."""
    ended: dict[int, int] = {}
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = status
    return ended


def living() -> "list[int]":
    """The direct children of this process."""
    return of(os.getpid())


def of(pid: int) -> "list[int]":
    """The direct children of a process; none where the system does not tell (/proc/<pid>/task/<tid>/children)."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal to a process that may have ended by itself (-1: to all of this pid namespace)."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _note(_number: int, _frame: "FrameType | None") -> None:
    """A signal needs a handler to reach the wakeup descriptor."""
