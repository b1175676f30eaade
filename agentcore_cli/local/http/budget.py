"""Memory that many may take together, and no more: whoever wants it waits for its turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Budget:
    """So many bytes. It belongs to one event loop."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def share(self, size: int) -> AsyncIterator[None]:
        """Have `size` bytes of it, which must not be more than all, while the block runs."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._left >= size)
            self._left -= size
        try:
            yield
        finally:
            self._left += size
            async with self._changed:
                self._changed.notify_all()
