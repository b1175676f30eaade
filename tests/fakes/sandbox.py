"""A sandbox without processes: each session is a small scripted HTTP server on a Unix socket, in this event loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from agentcore_cli.local.sandbox import Exit, Level, Program, SessionSpec, StorageMeans

Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as an agent got it; header names are lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


def answer(body: bytes, *, status: int = 200, content_type: str = "application/json") -> bytes:
    """A whole HTTP/1.1 answer."""
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class ScriptedAgent:
    """Answers pings with `status` (and `changed_at`, if set), or with `ping_body`, and everything else with what
    `reply` makes of it.

    `silent` agents read and never answer; `asked` keeps what came, pings not included.
    """

    reply: Callable[[Asked], bytes] = lambda asked: answer(asked.body)
    status: str = "Healthy"
    changed_at: float | None = None
    ping_status: int = 200
    ping_body: bytes | None = None
    silent: bool = False
    pings: int = 0
    asked: list[Asked] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (asked := await _read_request(reader)) is not None:
            if self.silent:
                continue
            writer.write(self._answer(asked))
            await writer.drain()

    def _answer(self, asked: Asked) -> bytes:
        if not asked.line.startswith("GET /ping "):
            self.asked.append(asked)
            return self.reply(asked)
        self.pings += 1
        if self.ping_body is not None:
            return answer(self.ping_body, status=self.ping_status)
        told: dict[str, str | float] = {"status": self.status}
        if self.changed_at is not None:
            told["time_of_last_update"] = self.changed_at
        return answer(json.dumps(told).encode(), status=self.ping_status)


async def _read_request(reader: asyncio.StreamReader) -> Asked | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.rstrip("\r\n").split("\r\n")
        headers = {name.lower(): value for name, _, value in (header.partition(": ") for header in rest)}
        if headers.get("transfer-encoding") == "chunked":
            return Asked(line, headers, await _read_chunks(reader))
        return Asked(line, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


class FakeProcess:
    """One started session. `exit` ends it as if the agent had."""

    warm = True
    reason = ""
    pid = 0  # no process of this machine
    warnings: tuple[str, ...] = ()

    def __init__(self, program: Program, spec: SessionSpec, folder: Path, converse: Converse) -> None:
        self.program = program
        self.spec = spec
        self.address = str(folder / f"{spec.key}.sock")
        self.exited: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self.answers_seen = 0
        self.drowsy = False
        self.stopped = 0
        self._converse = converse
        self._writers: set[asyncio.StreamWriter] = set()
        self._conversations: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        self._server = await asyncio.start_unix_server(self._accept, self.address)

    def exit(self, exit_: Exit) -> None:
        """Hang up on everybody and be gone."""
        if self._server is not None:
            self._server.close()
        for conversation in self._conversations:
            conversation.cancel()
        for writer in self._writers:
            writer.transport.abort()
        if not self.exited.done():
            self.exited.set_result(exit_)

    async def stop(self, grace: float = 5.0) -> Exit:
        self.stopped += 1
        self.exit(Exit(None, 15))
        await asyncio.sleep(0)
        return self.exited.result()

    def drowse(self) -> None:
        self.drowsy = True

    def rouse(self) -> None:
        self.drowsy = False

    def answered(self) -> None:
        self.answers_seen += 1

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._conversations.add(task)
        self._writers.add(writer)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the other side hung up, or the process "exited"
        finally:
            self._conversations.discard(task)
            self._writers.discard(writer)
            writer.transport.abort()


class FakeSandbox:
    """Starts a `FakeProcess` per session, each talking as `converse` does; `folder` needs a short path."""

    level = Level("process", "a fake")

    def __init__(self, folder: Path, converse: Converse) -> None:
        self._folder = folder
        self._converse = converse
        self.prepared: list[str] = []
        self.forgotten: list[str] = []
        self.started: list[FakeProcess] = []

    def storage_means(self, program: Program) -> StorageMeans:
        return StorageMeans(is_image=False, mounted="never", owner=None, reason="a fake")

    def level_of(self, program: Program | None) -> Level:
        return self.level

    async def prepare(self, program: Program) -> None:
        self.prepared.append(program.key)

    async def start(self, program: Program, spec: SessionSpec) -> FakeProcess:
        process = FakeProcess(program, spec, self._folder, self._converse)
        await process.listen()
        self.started.append(process)
        return process

    async def forget(self, program_key: str) -> None:
        self.forgotten.append(program_key)

    async def close(self) -> None:
        for process in self.started:
            await process.stop()
