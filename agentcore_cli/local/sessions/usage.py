"""What the processes of a session use, as the kernel counts it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final, NamedTuple

PROCESSES_MAX: Final = 512  # that are looked at
_KILOBYTE: Final = 1024


class SessionUsage(NamedTuple):
    """`memory_bytes` is the share of what is in memory: pages that processes share count once in all of them."""

    memory_bytes: int
    cpu_seconds: float


def of_tree(pid: int) -> SessionUsage | None:
    """What a process, and what it has started, uses now; None where it has ended, or the system does not tell.

    Blocking, a millisecond for a process. Time of children that have ended counts when their parent has seen the end.
    """
    used = [found for process in _tree(pid) if (found := _of(process)) is not None]
    return SessionUsage(sum(one.memory_bytes for one in used), sum(one.cpu_seconds for one in used)) if used else None


def _tree(pid: int) -> list[int]:
    found = [pid]
    for process in found:
        with contextlib.suppress(OSError, ValueError):
            for task in os.listdir(f"/proc/{process}/task"):
                found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
        if len(found) >= PROCESSES_MAX:
            break
    return found


def _of(pid: int) -> SessionUsage | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    ticks = sum(map(int, fields[11:15]))  # utime, stime, and those of children that were waited for
    memory = _share(pid)
    if memory is None:
        memory = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return SessionUsage(memory, ticks / os.sysconf("SC_CLK_TCK"))


def _share(pid: int) -> int | None:
    """Its proportional share of memory in bytes, where we may see it."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * _KILOBYTE
    return None
