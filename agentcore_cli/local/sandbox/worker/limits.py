"""What a session's processes may use and do; and control groups that are joined without keeping a session waiting.

To move a process the kernel waits until none can be in the midst of a fork: some 10 ms, as much as a session takes to
its first answer. So the init moves the agent long before its program begins (a spare), or while that runs already, and
then what it has forked by then, too.
"""

import contextlib
import os
import resource
import signal
import sys
from typing import Literal

if sys.platform == "linux":
    from . import kernel

Namespaces = Literal["root", "user"]

_SIGNALS_MAX = 8192
_OOM_SCORE = "500"  # when the whole machine runs out of memory, sessions go first


def accept(namespaces: "Namespaces | None", data_limit: "int | None", groups: "list[int]") -> None:
    """Take a session's limits on, for this process and all it will start. `groups` to join are closed."""
    for descriptor in groups:
        os.write(descriptor, b"0")
        os.close(descriptor)
    if data_limit is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (data_limit, data_limit))
    if sys.platform == "linux":
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(_OOM_SCORE)
        if namespaces is None:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
        else:
            _limit_signals()


def _limit_signals() -> None:
    """Signals that wait, and timers, are counted for a user namespace and for all of its maker's together."""
    most = min(_SIGNALS_MAX, *(limit for limit in resource.getrlimit(resource.RLIMIT_SIGPENDING) if limit >= 0))
    resource.setrlimit(resource.RLIMIT_SIGPENDING, (most, most))


def move_everyone(groups: "list[int]") -> None:
    """Move every process of this pid namespace but its first, this one, into groups; see `Group.open`. Closes them.

    A process forked after its parent was moved is born in the group; one forked before is found by looking again.
    """
    moved = {os.getpid()}
    while groups and (pids := {int(name) for name in os.listdir("/proc") if name.isdigit()} - moved):
        for pid in pids:
            for group in groups:
                _move(pid, group)
        moved |= pids
    for group in groups:
        os.close(group)


def _move(pid: int, group: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has ended
        os.write(group, str(pid).encode())
