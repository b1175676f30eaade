"""Forking into a new pid namespace, and telling when a fork would lose something."""

import os
import sys
import threading
from typing import Literal

if sys.platform == "linux":
    from . import kernel


def fork(namespaces: "Literal['root', 'user'] | None") -> int:
    """Fork; with namespaces, the child is the first process of a new pid namespace. Returns its id here, 0 there.

    This process comes back from the new one: its own belongs to its user namespace (`account`).
    """
    if not namespaces:
        return os.fork()
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    pid = -1
    try:
        kernel.unshare(kernel.CLONE_NEWPID)
        pid = os.fork()
    finally:
        if pid != 0:
            kernel.setns(own, kernel.CLONE_NEWPID)
        os.close(own)
    return pid


def unsafe_to_fork() -> "str | None":
    """Why a fork would lose something, or None.

    Python threads do not survive a fork. Native ones don't either, and only some libraries make theirs anew; those end
    them before the fork by a handler (OpenBLAS does). So a fork is tried once: what is still there afterwards would
    be missing in the child.
    """
    running = len(sys._current_frames())
    if running > 1:
        names = ", ".join(thread.name for thread in threading.enumerate() if thread is not threading.main_thread())
        return f"its imports leave {running - 1} Python threads running ({names})"
    if _native_threads() > 1:
        _try_fork()
        left = _native_threads() - 1
        if left > 0:
            return f"its imports leave {left} native threads running"
    return None


def _native_threads() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except FileNotFoundError:
        return 1


def _try_fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
