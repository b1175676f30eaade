"""How much memory a server takes while a test runs."""

from __future__ import annotations

import threading
from pathlib import Path


class Memory:
    """The resident memory of a process, watched from `with` on."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self._before = self._resident()
        self._most = self._before
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look)

    def __enter__(self) -> Memory:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watch.join()

    @property
    def growth(self) -> int:
        """Bytes, at its worst."""
        return self._most - self._before

    def _look(self) -> None:
        while not self._ended.wait(0.01):
            self._most = max(self._most, self._resident())

    def _resident(self) -> int:
        line = next(line for line in self._status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024
