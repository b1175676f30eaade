"""Callers who are not the owner: what their connections may cost, and who makes room when there are too many.

Every connection begins as a stranger's. It is nobody's any more when a request on it was found to be the owner's, or
had a token that a runtime takes (`Application` and `DataPlaneServer` say so). Until then it counts here; the newest is
always let in, as it may be the owner's, and whoever was silent for longest goes instead. One of a session is a guest's
from then on: each session may have some, and they too make room when no descriptor is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
from collections.abc import Callable, Hashable
from typing import Final, Protocol

STRANGERS_MAX: Final = 256
GUESTS_MAX: Final = 512  # connections of one session
RESERVE: Final = 16  # descriptors kept for when there are no others
ACCEPTED_AT_ONCE: Final = 64
PAUSE_SECONDS: Final = 0.05  # before the next look when there is neither a descriptor nor a stranger
REFILL_SECONDS: Final = 1.0
_SHORT: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_log = logging.getLogger(__name__)


class Stranger(Protocol):
    """A connection of somebody who is not the owner."""

    @property
    def silent(self) -> bool:
        """Whether nothing is being worked on for it."""
        ...

    def hang_up(self) -> None:
        """End the connection at once."""
        ...


class Strangers:
    """The connections of strangers, oldest first, and those of each session."""

    def __init__(self, most: int = STRANGERS_MAX, most_of_a_session: int = GUESTS_MAX) -> None:
        self._most = most
        self._most_of_a_session = most_of_a_session
        self._there: dict[Stranger, None] = {}
        self._guests: dict[Hashable, dict[Stranger, None]] = {}
        self._hosts: dict[Stranger, Hashable] = {}

    def __len__(self) -> int:
        return len(self._there)

    def came(self, stranger: Stranger) -> None:
        self._there[stranger] = None
        if len(self._there) > self._most:
            self.make_room()

    def belongs(self, stranger: Stranger, session: Hashable) -> None:
        """It was found to be of a session."""
        if stranger in self._hosts:
            return
        self.gone(stranger)
        self._hosts[stranger] = session
        guests = self._guests.setdefault(session, {})
        guests[stranger] = None
        if len(guests) > self._most_of_a_session:
            self._hang_up(next((guest for guest in guests if guest.silent), stranger))

    def gone(self, stranger: Stranger) -> None:
        """It has left, or is the owner's."""
        self._there.pop(stranger, None)
        session = self._hosts.pop(stranger, None)
        if session is not None:
            guests = self._guests[session]
            del guests[stranger]
            if not guests:
                del self._guests[session]

    def make_room(self) -> bool:
        """Hang up on one, on a silent one if there is one. False when there is nobody but the newest stranger."""
        most_guests = max(self._guests.values(), key=len, default={})
        others = list(self._there)[:-1] or list(most_guests)
        one = next((stranger for stranger in others if stranger.silent), others[0] if others else None)
        if one is None:
            return False
        self._hang_up(one)
        return True

    def _hang_up(self, one: Stranger) -> None:
        self.gone(one)
        one.hang_up()


class Acceptor:
    """Takes in connections. One that finds no descriptor left takes the place of a stranger, or one of the reserve.

    It stands in for an asyncio.Server, which drops whoever comes when there is no descriptor.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        strangers: Strangers,
        reserve: int = RESERVE,
    ) -> None:
        self._listener = listener
        self._kept = reserve
        self._protocol = protocol
        self._strangers = strangers
        self._loop = asyncio.get_running_loop()
        self._reserve = [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) for _ in range(reserve)]
        self._arriving: set[asyncio.Task[object]] = set()
        self._later: asyncio.TimerHandle | None = None
        self._refilling: asyncio.TimerHandle | None = None
        listener.setblocking(False)
        self._loop.add_reader(listener, self._accept)

    def close(self) -> None:
        """Take in nobody any more."""
        self._loop.remove_reader(self._listener)
        for timer in (self._later, self._refilling):
            if timer is not None:
                timer.cancel()
        while self._reserve:
            os.close(self._reserve.pop())

    async def wait_closed(self) -> None:
        """Return when those who were let in have a protocol."""
        await asyncio.gather(*self._arriving, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _SHORT:
                    raise
                self._make_room()
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            arriving = self._loop.create_task(self._let_in(connection))
            self._arriving.add(arriving)
            arriving.add_done_callback(self._arriving.discard)

    async def _let_in(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._protocol, connection)
        except OSError:  # it has hung up already, or there is no descriptor
            connection.close()

    def _make_room(self) -> None:
        """Whoever waits is accepted at the next look, or soon."""
        if self._refilling is None:
            _log.warning("no descriptor is left for another connection")
            self._refilling = self._loop.call_later(REFILL_SECONDS, self._refill)
        made = self._strangers.make_room()
        if self._reserve:
            os.close(self._reserve.pop())
        elif not made:
            self._loop.remove_reader(self._listener)
            self._later = self._loop.call_later(
                PAUSE_SECONDS, lambda: self._loop.add_reader(self._listener, self._accept)
            )

    def _refill(self) -> None:
        self._refilling = None
        with contextlib.suppress(OSError):
            while len(self._reserve) < self._kept:
                self._reserve.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
        if len(self._reserve) < self._kept:
            self._refilling = self._loop.call_later(REFILL_SECONDS, self._refill)
