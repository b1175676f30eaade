"""How many bytes are through, told once a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Final

from agentcore_cli.builders.packages.installer import Tell

_TELL_SECONDS: Final = 1.0
_MEGABYTE: Final = 1024**2


class TransferProgress:
    """Counts for several threads; `doing` is like "pushing", `total` in bytes."""

    def __init__(self, doing: str, total: int, tell: Tell) -> None:
        self._doing, self._total, self._tell = doing, total, tell
        self._done = 0
        self._told = time.monotonic()
        self._counting = threading.Lock()

    def add(self, more: int) -> None:
        with self._counting:
            self._done += more
            if time.monotonic() - self._told < _TELL_SECONDS:
                return
            self._told = time.monotonic()
            line = f"{self._doing} {self._done / _MEGABYTE:.0f} of {self._total / _MEGABYTE:.0f} MB"
        self._tell(line)

    def through(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.add(len(piece))
            yield piece
