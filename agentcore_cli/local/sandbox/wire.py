"""The server's end of a conversation in JSON lines with a worker process; the worker's end is `worker/channel.py`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable
from typing import Any, Final

Message = dict[str, Any]

MESSAGE_MAX: Final = 1024**2  # bytes
_PIECE: Final = 65536  # bytes

_log = logging.getLogger(__name__)


class Nonsense(Exception):
    """What no honest worker would say; the message tells what."""


class Wire:
    """Calls `hear` with each message and `closed` when the other end is gone. Belongs to the running event loop.

    At the other end there may be a stranger's code. Who talks nonsense there (no JSON, none of an object, too much of
    it, or what `hear` raises Nonsense for) is not heard any more: `is_nonsense` is true then, and `closed` called.
    """

    def __init__(
        self,
        connection: socket.socket,
        hear: Callable[[Message], None],
        closed: Callable[[], None],
        descriptors_max: int,
    ) -> None:
        """`descriptors_max` is how many descriptors one message may bring; the others are not accepted."""
        self._descriptors_max = descriptors_max
        self._descriptors: list[int] = []
        self._connection = connection
        self._hear = hear
        self._closed = closed
        self._buffer = b""
        self._open = True
        self.is_nonsense = False
        self._loop = asyncio.get_running_loop()
        connection.setblocking(False)
        self._loop.add_reader(connection.fileno(), self._read)

    async def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Say `message`, handing copies of `descriptors` over. Raises ConnectionError when the other end is gone."""
        if not self._open:
            raise ConnectionError("the other end is gone")
        data = json.dumps(message).encode() + b"\n"
        if descriptors:
            await self._send_descriptors(data, descriptors)
        else:
            await self._loop.sock_sendall(self._connection, data)

    async def _send_descriptors(self, data: bytes, descriptors: tuple[int, ...]) -> None:
        """For short messages: they go out in one piece, or not yet."""
        while True:
            try:
                socket.send_fds(self._connection, [data], descriptors)
            except BlockingIOError:
                await asyncio.sleep(0.001)
            else:
                return

    def take_descriptors(self) -> list[int]:
        """Those that came and were not taken yet; the caller closes them."""
        taken, self._descriptors = self._descriptors, []
        return taken

    def close(self) -> None:
        """Stop listening. The other end hears of it; `closed` is not called."""
        if self._open:
            for descriptor in self.take_descriptors():
                os.close(descriptor)
            self._open = False
            self._loop.remove_reader(self._connection.fileno())
            self._connection.close()

    def _receive(self) -> bytes:
        data, descriptors, _, _ = socket.recv_fds(self._connection, _PIECE, self._descriptors_max)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)  # uvloop's children would keep them, and so what they stand for
        self._descriptors += descriptors
        return data

    def _read(self) -> None:
        """Take all that is there, and the end if that is there: uvloop calls once only when a connection was reset."""
        try:
            for _ in range(0, MESSAGE_MAX, _PIECE):
                if not self._open or not self._take_piece():
                    return
            raise Nonsense("it says more at once than any message has")
        except Nonsense as nonsense:
            _log.warning("a worker process is not heard any more: %s", nonsense)
            self.is_nonsense = True
            self._end()

    def _take_piece(self) -> bool:
        """Take what comes next. False when that is not there yet, or is the end. Raises Nonsense."""
        try:
            data = self._receive()
        except (BlockingIOError, InterruptedError):
            return False
        except ConnectionResetError:
            data = b""
        if data:
            self._take(data)
        else:
            self._end()
        return bool(data)

    def _end(self) -> None:
        if self._open:
            self.close()
            self._closed()

    def _take(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > MESSAGE_MAX or len(self._descriptors) > self._descriptors_max:
            raise Nonsense("it says more than any message has")
        for line in lines:
            self._hear(_decode(line))


def _decode(line: bytes) -> Message:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Nonsense("it says what is no JSON") from error
    if not isinstance(message, dict):
        raise Nonsense("what it says is not an object")
    return message
