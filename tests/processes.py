"""What a test does to processes that it started."""

from __future__ import annotations

import os
import select
import signal


def kill(pid: int) -> None:
    """SIGKILL, and wait until it has ended: until then its sockets still take connections, and reset them."""
    handle = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        ended, _, _ = select.select([handle], [], [], 60)
        assert ended, f"{pid} has not ended"
    finally:
        os.close(handle)
