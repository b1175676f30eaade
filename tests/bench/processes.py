"""What processes cost, read from /proc."""

from __future__ import annotations

import os
import re
from pathlib import Path

_PRIVATE = re.compile(rb"^Private_(?:Clean|Dirty):\s+(\d+) kB$", re.MULTILINE)
_TICKS = os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """All processes below `pid`, itself not among them."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and (fields := _stat(int(process.name))):
            children.setdefault(int(fields[1]), []).append(int(process.name))
    found, queue = [], [pid]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def private_bytes(pid: int) -> int:
    """Memory that would be free if the process ended; 0 for one that has."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    except OSError:
        return 0
    return sum(int(kilobytes) * 1024 for kilobytes in _PRIVATE.findall(rollup))


def cpu_seconds(pid: int) -> float:
    """Processor time used so far, user and system; 0 for a process that has ended."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _stat(pid: int) -> list[bytes]:
    """The fields of /proc/<pid>/stat behind the command's name (proc(5)): state, parent, ..."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
    except OSError:
        return []
