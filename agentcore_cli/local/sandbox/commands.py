"""Shell commands inside a running session, as the server holds them; the session's end is `worker/commands.py`."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import json
import os
import socket
import struct
import termios
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from agentcore_cli.local.sandbox.cgroups import Group
from agentcore_cli.local.sandbox.program import Exit, SandboxError
from agentcore_cli.local.sandbox.wire import Message, Wire

Stream = Literal["stdout", "stderr"]

STREAMS: Final[tuple[Stream, ...]] = ("stdout", "stderr")
PIECE_MAX: Final = 8192  # bytes: as JSON, whatever they are, they fit into one event of the service (64 KB)


@dataclass(frozen=True, slots=True)
class CommandPlace:
    """Where a session's commands run: as its agent does."""

    folder: str
    environment: Mapping[str, str]
    data_limit: int | None
    group: Group


class Command:
    """One command: its `output` is read to the end, and by then `ended` is done.

    `ended` gives None when the session came to its end before the command did.
    """

    def __init__(self, commands: SessionCommands, number: int, streams: dict[int, Stream]) -> None:
        self.ended: asyncio.Future[Exit | None] = asyncio.get_running_loop().create_future()
        self._commands = commands
        self._number = number
        self._streams = streams
        self._news = asyncio.Event()
        self.ended.add_done_callback(lambda _: self._news.set())

    async def output(self) -> AsyncGenerator[tuple[Stream, bytes], None]:
        """What the command writes, as it does. It waits while nobody reads.

        The command is over when its shell has ended, whatever still holds the pipes.
        """
        try:
            while not self.ended.done():
                await self._await_news()
                for descriptor in list(self._streams):
                    if data := self._read(descriptor, PIECE_MAX):
                        yield self._streams[descriptor], data
            for descriptor, stream in list(self._streams.items()):
                for data in self._written(descriptor):
                    yield stream, data
        finally:
            self.close()

    async def kill(self) -> None:
        """SIGKILL for the shell and its process group."""
        await self._commands.kill(self._number)

    def close(self) -> None:
        """Read no more."""
        for descriptor in self._streams:
            os.close(descriptor)
        self._streams.clear()

    async def _await_news(self) -> None:
        loop = asyncio.get_running_loop()
        self._news.clear()
        if self.ended.done():
            return
        for descriptor in self._streams:
            loop.add_reader(descriptor, self._news.set)
        try:
            await self._news.wait()
        finally:
            for descriptor in self._streams:
                loop.remove_reader(descriptor)

    def _read(self, descriptor: int, most: int) -> bytes:
        """What is there. A pipe that nobody can write to any more is closed."""
        try:
            data = os.read(descriptor, most)
        except BlockingIOError:
            return b""
        if not data:
            del self._streams[descriptor]
            os.close(descriptor)
        return data

    def _written(self, descriptor: int) -> list[bytes]:
        """What was written before the end; somebody in the background may go on writing for ever."""
        (left,) = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))
        pieces = []
        while left > 0 and (data := self._read(descriptor, min(left, PIECE_MAX))):
            pieces.append(data)
            left -= len(data)
        return pieces


class SessionCommands:
    """All commands of one session, over the socket to its init."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._numbers = itertools.count(1)
        self._running: dict[int, Command] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._over = False

    async def start(self, text: str, place: CommandPlace) -> Command:
        """Let a shell run `text`. Raises SandboxError when the session has ended or the machine refuses."""
        if self._over:
            raise SandboxError("the session has ended")
        number = next(self._numbers)
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            try:
                order, streams, handed = _open(ours, theirs, place.group)
                command = self._running[number] = Command(self, number, streams)
                ours.callback(self._running.pop, number)
                await self._wire.send({"run": number, "descriptors": len(handed)}, handed)
            except ConnectionError as error:
                raise SandboxError("the session has ended") from error
            except OSError as error:
                raise SandboxError(f"the command could not be started: {error.strerror}") from error
            ours.pop_all()
        self._deliver(order, text, place)
        return command

    async def kill(self, number: int) -> None:
        if number in self._running:
            with contextlib.suppress(ConnectionError):
                await self._wire.send({"kill": number})

    def hear(self, message: Message) -> None:
        """What the init tells of a command."""
        number = message["command"]
        command = self._running.pop(number, None) if isinstance(number, int) else None
        if command is None:
            return
        if "failed" in message:
            command.ended.set_exception(SandboxError(f"the command could not be started: {message['failed']}"))
        else:
            code, killed_by = (
                told if isinstance(told := message.get(name), int) else None for name in ("code", "signal")
            )
            command.ended.set_result(Exit(code, killed_by))

    def end(self) -> None:
        """The session is over."""
        self._over = True
        for command in self._running.values():
            command.ended.set_result(None)
        self._running.clear()

    def _deliver(self, order: socket.socket, text: str, place: CommandPlace) -> None:
        """The order itself goes by a socket of its own: it may be long, and holds what must not be on disk."""
        told = {
            "command": text,
            "folder": place.folder,
            "environment": dict(place.environment),
            "data_limit": place.data_limit,
        }
        delivery = asyncio.get_running_loop().create_task(_send(order, json.dumps(told).encode()))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)


def _open(
    ours: contextlib.ExitStack, theirs: contextlib.ExitStack, group: Group
) -> tuple[socket.socket, dict[int, Stream], tuple[int, ...]]:
    """Our end of the order's socket, the pipes to read from, and everything to hand over."""
    order, their_order = socket.socketpair()
    ours.callback(order.close)
    theirs.callback(their_order.close)
    streams: dict[int, Stream] = {}
    handed = [their_order.fileno()]
    for stream in STREAMS:
        read, write = os.pipe()
        ours.callback(os.close, read)
        theirs.callback(os.close, write)
        os.set_blocking(read, False)
        streams[read] = stream
        handed.append(write)
    for descriptor in group.open():
        theirs.callback(os.close, descriptor)
        handed.append(descriptor)
    return order, streams, tuple(handed)


async def _send(order: socket.socket, data: bytes) -> None:
    order.setblocking(False)
    with order, contextlib.suppress(ConnectionError):  # the shell's process was killed before it could read
        await asyncio.get_running_loop().sock_sendall(order, data)
