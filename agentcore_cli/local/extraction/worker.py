"""One session that reads events with a project's file: how it is started, asked and ended."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from agentcore_cli.contract import LOCAL_NETWORK
from agentcore_cli.files import write_atomically
from agentcore_cli.local.extraction import reader
from agentcore_cli.local.home import Home
from agentcore_cli.local.memory.frames import DrawnRecords, Reading
from agentcore_cli.local.programs.sandboxes import AnyProcess, Sandboxes
from agentcore_cli.local.sandbox import Program, SandboxError, SessionSpec
from agentcore_cli.local.sandbox.environment import passed_on
from agentcore_cli.local.sessions import logs

READ_SECONDS: Final = 20.0  # for one event, the start of the interpreter and the imports of its file included
MEMORY: Final = 512 * 1024**2  # bytes
_ANSWER_MAX: Final = 16 * 1024**2  # bytes of a line
_END_SECONDS: Final = 2.0  # from the end of what it says to its own


class _Said(msgspec.Struct, forbid_unknown_fields=True):
    texts: dict[str, list[str]]
    failed: dict[str, str]


class ExtractionWorker:
    """Started by `start`. It reads one event after the other."""

    def __init__(self, sandbox: Sandboxes, program: Program, process: AnyProcess, log: Path) -> None:
        self._sandbox = sandbox
        self._program = program
        self._process = process
        self._log = log
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @classmethod
    async def start(cls, home: Home, sandbox: Sandboxes, agent: Program, file: str, log: Path) -> ExtractionWorker:
        """Raises SandboxError: where there is no way to run it without a network it does not run."""
        program = _program(home, agent, file)
        logs.begin(log, f"reading events with {file}")
        spec = SessionSpec(f"extraction-{secrets.token_hex(4)}", {}, log, memory=MEMORY, cpus=1)
        try:
            return cls(sandbox, program, await sandbox.start(program, spec), log)
        except SandboxError:
            await sandbox.forget(program.key)
            raise

    async def read(self, reading: Reading) -> DrawnRecords:
        """What it found. Whatever goes wrong is the `reason` of an answer without anything; it has ended then."""
        request = json.dumps({"event": reading.event, "strategies": reading.strategies}).encode() + b"\n"
        try:
            async with asyncio.timeout(READ_SECONDS):
                line = await self._asked(request)
            said = msgspec.json.decode(line, type=_Said) if line else None
        except TimeoutError:
            return await self._given_up(reading, f"no answer within {READ_SECONDS:.0f} seconds")
        except (OSError, ValueError, asyncio.IncompleteReadError):
            said = None
        if said is None or any(_is_too_much(texts) for texts in said.texts.values()):
            return await self._given_up(reading, await self._how_it_ended())
        return DrawnRecords(reading.number, said.texts, {id: reason[:1000] for id, reason in said.failed.items()})

    async def close(self) -> None:
        """End it; nothing of it is left."""
        if self._streams is not None:
            self._streams[1].close()
        await self._process.stop(grace=0)
        await self._sandbox.forget(self._program.key)

    @property
    def ended(self) -> bool:
        return self._process.exited.done()

    async def _asked(self, request: bytes) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_unix_connection(str(self._process.address), limit=_ANSWER_MAX)
        stream, out = self._streams
        out.write(request)
        await out.drain()
        return await stream.readline()

    async def _given_up(self, reading: Reading, reason: str) -> DrawnRecords:
        await self._process.stop(grace=0)
        return DrawnRecords(reading.number, reason=f"{reading.file}: {reason}"[:1000])

    async def _how_it_ended(self) -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                ended = await asyncio.shield(self._process.exited)
                last = next((line for line in reversed(logs.tail(self._log)) if line.strip()), "")
                return ended.describe() + (f": {last}" if last else "")
        return "it gave no answer in the form that is agreed"


def _program(home: Home, agent: Program, file: str) -> Program:
    """The agent's program with another start, and without what only the agent gets."""
    folder = home.root / "extraction"
    folder.mkdir(mode=0o700, exist_ok=True)
    main = folder / "reader.py"
    write_atomically(main, Path(reader.__file__).read_text(), mode=0o644)
    return replace(
        agent,
        key=f"{agent.key}/extraction-{hashlib.sha256(file.encode()).hexdigest()[:12]}",
        start=(str(main), file, str(agent.port)),
        environment={**dict.fromkeys(passed_on(), ""), LOCAL_NETWORK: "closed"},
        readable=(*agent.readable, folder),
        mounts=(),
        storage=None,
    )


def _is_too_much(texts: list[str]) -> bool:
    """What the reader keeps to, whoever answers in its place."""
    return len(texts) > reader.TEXTS_MAX or not all(1 <= len(text) <= reader.TEXT_MAX for text in texts)
