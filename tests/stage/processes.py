"""A process of the stage: started apart from the tests' process group, its log in a file, ended by its pid."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

START_SECONDS: Final = 60.0
END_SECONDS: Final = 60.0

_children: Final[dict[int, subprocess.Popen[bytes]]] = {}  # those that this process has started, by pid


def start(
    name: str,
    command: Sequence[str | Path],
    folder: Path,
    is_up: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
) -> int:
    """Start `command`, log to `<name>.log`, write `<name>.pid` and wait until it is up; gives the pid.

    Raises RuntimeError with the end of its log when it ends early or is not up in time.
    """
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    _children[process.pid] = process
    (folder / f"{name}.pid").write_text(str(process.pid))
    deadline = time.monotonic() + START_SECONDS
    while not is_up():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(name, folder)
            raise RuntimeError(f"{name} did not come up:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
    return process.pid


def stop(name: str, folder: Path) -> None:
    """End what `start` started under this name, if it still runs, and wait until it has ended."""
    pid_file = folder / f"{name}.pid"
    try:
        pid = int(pid_file.read_text())
    except FileNotFoundError:
        return
    deadline = time.monotonic() + END_SECONDS
    sent = signal.SIGTERM
    while _is_there(pid):
        _send(pid, sent)
        if time.monotonic() > deadline:
            sent = signal.SIGKILL
        time.sleep(0.05)
    pid_file.unlink()


def _is_there(pid: int) -> bool:
    if pid in _children and _children[pid].poll() is not None:
        del _children[pid]
    if pid in _children:
        return True
    try:  # another test process has started it
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1] != b"Z"
    except OSError:
        return False


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
