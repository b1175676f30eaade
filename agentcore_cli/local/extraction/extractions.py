"""From the events that wait in the memories to the project's file, and back: one event at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Final

import msgspec

from agentcore_cli import confines
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import ArtifactError, ControlPlane, Resolved
from agentcore_cli.local.extraction.worker import ExtractionWorker
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.frames import Asked, DrawnRecords, Reading
from agentcore_cli.local.programs.programs import Programs
from agentcore_cli.local.programs.sandboxes import AnyProgram, Sandboxes
from agentcore_cli.local.sandbox import Program, SandboxError
from agentcore_cli.local.sessions import logs
from agentcore_cli.local.storing.process import StoringProcess

IDLE_SECONDS: Final = 30.0  # that a worker is kept without anything to read
AGAIN_SECONDS: Final = 5.0  # until those are looked at again that wait for their agent to be deployed

_log = logging.getLogger(__name__)


class Extractions:
    """At most one worker lives; what is asked of another agent, version or file ends it."""

    def __init__(
        self,
        process: StoringProcess,
        control: ControlPlane,
        programs: Programs,
        sandbox: Sandboxes,
        home: Home,
        clock: Clock,
    ) -> None:
        self._process = process
        self._control = control
        self._programs = programs
        self._sandbox = sandbox
        self._home = home
        self._clock = clock
        self._due = asyncio.Event()
        self._running: asyncio.Task[None] | None = None
        self._worker: ExtractionWorker | None = None
        self._of: tuple[str, str] | None = None
        self._held: AnyProgram | None = None

    def due(self) -> None:
        """There is something to read, or there may be."""
        self._due.set()
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """What was not read waits for the next server."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
        await self._end_worker()

    async def _run(self) -> None:
        """Until there has been nothing to read for a while."""
        wait = IDLE_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._due.wait()
            if not self._due.is_set() and wait == IDLE_SECONDS:
                await self._end_worker()
                return
            self._due.clear()
            try:
                wait = AGAIN_SECONDS if await self._read_all() else IDLE_SECONDS
            except (ServiceFault, SandboxError, OSError):
                _log.exception("the events that wait for a project's file could not be read")
                wait = AGAIN_SECONDS

    async def _read_all(self) -> bool:
        """Whether some wait on, for their agent is not deployed."""
        behind, left = 0, False
        while readings := msgspec.msgpack.decode(await self._ask("read", behind), type=list[Reading]):
            for reading in readings:
                found = await self._read(reading)
                if found is None:
                    left = True
                else:
                    await self._ask("keep", [found])
            behind = readings[-1].number
        return left

    async def _ask(self, inner: str, content: object) -> bytes:
        body = msgspec.msgpack.encode(content)
        answered = await self._process.ask(Asked("", [], {}, body, "", self._clock.now(), inner=inner))
        if fault := answered.fault():
            raise fault
        return answered.body

    async def _read(self, reading: Reading) -> DrawnRecords | None:
        """None for an event whose agent is not deployed."""
        version = self._control.deployed(reading.project, reading.agent)
        if version is None:
            return None
        try:
            worker = await self._worker_for(version, reading.file)
        except (ArtifactError, SandboxError) as error:
            return DrawnRecords(reading.number, reason=f"{reading.file}: {error}"[:1000])
        return await worker.read(reading)

    async def _worker_for(self, version: Resolved, file: str) -> ExtractionWorker:
        """Raises ArtifactError, SandboxError for what can't run here."""
        program = await self._programs.find(version)
        if self._worker is not None and self._of == (program.key, file) and not self._worker.ended:
            return self._worker
        await self._end_worker()
        if not isinstance(program, Program):
            raise ArtifactError("local_extraction is for agents that run as code; this one runs as an image")
        if not confines.is_inside(program.code / file, program.code) or not (program.code / file).is_file():
            raise ArtifactError("it is not among the files that were deployed")
        log = logs.stream(self._home, version.runtime_id, DEFAULT_ENDPOINT, logs.EXTRACTION)
        self._programs.hold(program)
        self._held = program
        self._worker = await ExtractionWorker.start(self._home, self._sandbox, program, file, log)
        self._of = (program.key, file)
        return self._worker

    async def _end_worker(self) -> None:
        worker, self._worker, self._of = self._worker, None, None
        if worker is not None:
            await worker.close()
        held, self._held = self._held, None
        if held is not None:
            await self._programs.release(held)
