"""What a test does to processes that it started."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable

from tests.command_line import CommandLine
from tests.local_runtime import eventually


def kill(pid: int) -> None:
    """SIGKILL, and wait until it has ended: until then its sockets still take connections, and reset them."""
    handle = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        ended, _, _ = select.select([handle], [], [], 60)
        assert ended, f"{pid} has not ended"
    finally:
        os.close(handle)


def killed_when(has_begun: Callable[[], object], command: CommandLine, *arguments: str) -> None:
    """Run `agentcore` in a process, and kill it as soon as it `has_begun`; it may have ended by then."""
    running = command.start(*arguments)
    try:
        eventually(has_begun, "the command has begun its work")
    finally:
        running.kill()
        running.communicate()
