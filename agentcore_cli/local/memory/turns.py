"""How many pages one caller has under way: who asks for 10 MB again and again and does not read them would fill the
server.

A turn lasts until the last byte of the answer was taken off the server's hands.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import Final

from agentcore_cli.local.http.wire import ServiceFault

OF_A_SESSION: Final = 4
OF_THE_OWNER: Final = 16  # programs of the one who has the key
WAIT_SECONDS: Final = 5.0


class Turns:
    """By caller; `None` is whoever has the key."""

    def __init__(self, wait: float = WAIT_SECONDS) -> None:
        self._wait = wait
        self._users: Counter[Hashable] = Counter()
        self._free: dict[Hashable, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def turn(self, caller: Hashable) -> AsyncIterator[None]:
        """Raises ServiceFault 429 for one whose earlier answers have not been read for a while."""
        most = OF_THE_OWNER if caller is None else OF_A_SESSION
        free = self._free.setdefault(caller, asyncio.Semaphore(most))
        self._users[caller] += 1
        try:
            try:
                await asyncio.wait_for(free.acquire(), self._wait) if free.locked() else await free.acquire()
            except TimeoutError:
                message = f"Rate exceeded: {most} pages are under way, and none of them is read"
                raise ServiceFault(429, "ThrottledException", message) from None
            try:
                yield
            finally:
                free.release()
        finally:
            self._users[caller] -= 1
            if not self._users[caller]:
                del self._users[caller], self._free[caller]
