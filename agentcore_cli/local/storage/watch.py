"""The 1 GB of storages that are folders: nobody holds a session to it while it writes, so somebody looks.

A look walks through folders, so there is none before the disk itself has become fuller by a good piece, or a minute has
passed. What passes the limit between two looks is written by then: that is told where protections are listed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agentcore_cli.local.storage.kept import Kept
from agentcore_cli.local.storage.usage import BYTES_MAX, measure

GLANCE_SECONDS: Final = 1.0  # between two glances at the disk
LOOK_SECONDS: Final = 60.0  # between two looks at the folders, whatever the disk says
_STEP: Final = 32 * 1024**2  # bytes that have to be gone from the disk for a look before that


@dataclass(slots=True)
class _Watched:
    """`allowed` is more than 1 GB for what was larger when its session began: it may shrink, and not grow."""

    kept: Kept
    size: int
    allowed: int


class Watch:
    """`too_much` is called, once, for each storage that is over its limit, with what it has too much of."""

    def __init__(
        self, root: Path, too_much: Callable[[Kept, str], None], glance: float = GLANCE_SECONDS, step: int = _STEP
    ) -> None:
        self._root = root
        self._too_much = too_much
        self._glance = glance
        self._step = step
        self._watched: dict[str, _Watched] = {}
        self._watching: asyncio.Task[None] | None = None

    def add(self, kept: Kept, held: int) -> None:
        """Look after a storage that holds so many bytes now."""
        self._watched[kept.name] = _Watched(kept, held, max(BYTES_MAX, held))
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._run())

    def remove(self, kept: Kept) -> None:
        self._watched.pop(kept.name, None)

    def size(self, kept: Kept) -> int | None:
        """Bytes at the last look."""
        watched = self._watched.get(kept.name)
        return None if watched is None else watched.size

    def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _run(self) -> None:
        """For as long as there is something to look after."""
        loop = asyncio.get_running_loop()
        left, looked = _left(self._root), loop.time()
        while self._watched:
            await asyncio.sleep(self._glance)
            now = _left(self._root)
            if left - now >= self._step or loop.time() - looked >= LOOK_SECONDS:
                await self._look()
                left, looked = _left(self._root), loop.time()
            left = max(left, now)  # what others have freed makes nobody's writing invisible

    async def _look(self) -> None:
        for watched in list(self._watched.values()):
            try:
                usage = await asyncio.to_thread(measure, watched.kept.storage.source, watched.allowed)
            except OSError:  # it ends just now
                continue
            watched.size = usage.bytes
            if usage.excess and watched.kept.name in self._watched:
                self.remove(watched.kept)
                self._too_much(watched.kept, usage.excess)


def _left(folder: Path) -> int:
    """Bytes that nobody has on its disk."""
    disk = os.statvfs(folder)
    return disk.f_bfree * disk.f_frsize
