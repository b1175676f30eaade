"""Putting a session into its control groups without keeping it waiting.

To move a process the kernel waits until none can be in the midst of a fork: some 10 ms, as much as a session takes to
its first answer. So the init moves the agent long before its program begins (a spare), or while that runs already, and
then what it has forked by then, too.
"""

import os


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
    try:
        os.write(group, str(pid).encode())
    except ProcessLookupError:  # it has ended
        return
