"""A process that keeps a database, as the server sees it: started for the first request, and again if it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import msgspec

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.storing.frames import Answered, Frames, frame

CLOSE_SECONDS: Final = 10.0  # how long it may take to end what it is doing

_log = logging.getLogger(__name__)


class StoringProcess:
    """One process that runs the module `program` over `database`, and who waits for its answers."""

    def __init__(self, program: str, database: Path) -> None:
        self.owes: Callable[[], None] = lambda: None
        """Called when it has said that it owes something; where nobody has set it, that stays so."""
        self._program = program
        self._database = database
        self._starting = asyncio.Lock()
        self._line: _Line | None = None

    async def ask(self, asked: msgspec.Struct) -> Answered:
        """Its answer; when it dies over it, a refusal with 500: what it was asked may be done or not."""
        line = self._line
        if line is None or line.ended:
            line = await self._start()
        return await line.ask(asked)

    async def close(self) -> None:
        """End it, with what it was asked for done."""
        if self._line is not None:
            await self._line.close()

    async def _start(self) -> _Line:
        async with self._starting:
            if self._line is None or self._line.ended:
                self._line = await _Line.open(self._program, self._database, lambda: self.owes())
            return self._line


class _Line(asyncio.Protocol):
    """The socket to one process."""

    def __init__(self, program: str, owes: Callable[[], None]) -> None:
        self.ended = False
        self._program = program
        self._owes = owes
        self._frames = Frames()
        self._numbers = itertools.count()
        self._waiting: dict[int, asyncio.Future[Answered]] = {}
        self._transport: asyncio.WriteTransport
        self._process: asyncio.subprocess.Process

    @classmethod
    async def open(cls, program: str, database: Path, owes: Callable[[], None]) -> _Line:
        ours, its = socket.socketpair()
        with its:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", program, str(database), str(its.fileno())),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=(its.fileno(),),
                start_new_session=True,
            )
        _, line = await asyncio.get_running_loop().create_unix_connection(lambda: cls(program, owes), sock=ours)
        line._process = process
        return line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's are of no class of asyncio's

    def data_received(self, data: bytes) -> None:
        for number, message in self._frames.feed(data):
            answered = msgspec.msgpack.decode(message, type=Answered)
            if answered.owes:
                self._owes()
            waiting = self._waiting.pop(number, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answered)
            if answered.last:
                self._end(answered)

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiting:
            _log.error("%s ended over %d requests", self._program, len(self._waiting))
        self._end(Answered.of(ServiceFault.internal(f"The process {self._program} ended; try again")))

    def _end(self, answered: Answered) -> None:
        """Ask it nothing more; this is the answer to what it was asked already."""
        self.ended = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(answered)
        self._waiting.clear()

    async def ask(self, asked: msgspec.Struct) -> Answered:
        number = next(self._numbers)
        waiting: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        self._transport.write(frame(number, asked))
        return await waiting

    async def close(self) -> None:
        self._transport.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
