"""Storages of sessions that live: the 1 GB of those that are folders, and what all of them leave of the disk.

Nobody holds a session to the size of a folder while it writes, so somebody looks. A look walks through folders, so
there is none before the disk itself has become fuller by a good piece, or a minute has passed. What passes the limit
between two looks is written by then: that is told where protections are listed.

When the disk comes to its end (`reserve`), the session that has added most since it began is ended, and if that does
not help, the next: one at each glance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agentcore_cli.local.storage.kept import Kept
from agentcore_cli.local.storage.reserve import Reserve
from agentcore_cli.local.storage.usage import BYTES_MAX, measure

GLANCE_SECONDS: Final = 1.0  # between two glances at the disk
LOOK_SECONDS: Final = 60.0  # between two looks at the folders, whatever the disk says
_STEP: Final = 32 * 1024**2  # bytes that have to be gone from the disk for a look before that
_MEGABYTE: Final = 1024**2


@dataclass(slots=True)
class _Watched:
    """`allowed` is more than 1 GB for what was larger when its session began: it may shrink, and not grow.

    `began` is its size then; None for an image that was not seen yet.
    """

    kept: Kept
    size: int
    allowed: int
    began: int | None


class StorageWatch:
    """`too_much` is called, once, for each storage that is over its limit, with what it has too much of.

    `size_of` tells how much an image holds, None before it is mounted.
    """

    def __init__(
        self,
        reserve: Reserve,
        too_much: Callable[[Kept, str], None],
        size_of: Callable[[Kept], int | None],
        glance: float = GLANCE_SECONDS,
        step: int = _STEP,
    ) -> None:
        self._reserve = reserve
        self._too_much = too_much
        self._size_of = size_of
        self._glance = glance
        self._step = step
        self._watched: dict[str, _Watched] = {}
        self._watching: asyncio.Task[None] | None = None

    def add(self, kept: Kept, held: int) -> None:
        """Look after a storage; a folder holds so many bytes now."""
        began = None if kept.storage.is_image else held
        self._watched[kept.name] = _Watched(kept, held, max(BYTES_MAX, held), began)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._run(self._reserve.free))

    def remove(self, kept: Kept) -> None:
        self._watched.pop(kept.name, None)

    def size(self, kept: Kept) -> int | None:
        """Bytes at the last look."""
        watched = self._watched.get(kept.name)
        return None if watched is None else watched.size

    def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()

    async def _run(self, left: int) -> None:
        """For as long as there is something to look after; `left` was free when the first of it came."""
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while self._watched:
            await asyncio.sleep(self._glance)
            now = self._reserve.free
            if refusal := self._reserve.refusal:
                await self._end_greediest(refusal)
            elif left - now >= self._step or loop.time() - looked >= LOOK_SECONDS:
                await self._look()
                left, looked = self._reserve.free, loop.time()
            left = max(left, now)  # what others have freed makes nobody's writing invisible

    async def _end_greediest(self, refusal: str) -> None:
        """What somebody else has written is no session's fault: one that has added little goes on."""
        await self._look()
        added = {name: watched.size - (watched.began or 0) for name, watched in self._watched.items()}
        if (name := max(added, key=added.__getitem__, default=None)) and added[name] >= self._step:
            watched = self._watched.pop(name)
            self._too_much(watched.kept, f"{added[name] // _MEGABYTE:,} MB more than at its beginning: {refusal}")

    def _look_at_image(self, watched: _Watched) -> None:
        size = self._size_of(watched.kept)
        if size is not None:
            watched.began = size if watched.began is None else watched.began
            watched.size = size

    async def _look(self) -> None:
        for watched in list(self._watched.values()):
            if watched.kept.storage.is_image:
                self._look_at_image(watched)
                continue
            try:
                usage = await asyncio.to_thread(measure, watched.kept.storage.source, watched.allowed)
            except OSError:  # it ends just now
                continue
            watched.size = usage.bytes
            if usage.excess and watched.kept.name in self._watched:
                self.remove(watched.kept)
                self._too_much(watched.kept, usage.excess)
