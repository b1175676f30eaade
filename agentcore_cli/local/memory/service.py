"""What the server does with a request for a memory: who may ask, and then it is the process's."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

from agentcore_cli.local.access.guard import AdmittedCaller
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import ControlPlane
from agentcore_cli.local.control.operations import ServedOperation
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.http.budget import Budget
from agentcore_cli.local.http.delivery import deliver
from agentcore_cli.local.http.proxy import RequestBody
from agentcore_cli.local.http.request import Request
from agentcore_cli.local.http.session_tokens import denied
from agentcore_cli.local.http.wire import Answer, ServiceFault
from agentcore_cli.local.memory import operations
from agentcore_cli.local.memory.frames import Asked
from agentcore_cli.local.memory.turns import Turns
from agentcore_cli.local.storing.process import StoringProcess

PROGRAM: Final = "agentcore_cli.local.memory"  # what its process runs
BODY_MAX: Final = 64_000_000  # bytes: an event holds 10 MB, and JSON may take six for one
SMALL_MAX: Final = 65_536  # bytes of a body that nobody counts
OF_SESSIONS: Final = 2 * BODY_MAX  # bytes of all other bodies of sessions that are here at once
BODY_SECONDS: Final = 30.0  # that such a body may take to come


class MemoryService:
    """`used_at` is when another program than `agentcore` last asked for anything, in seconds of the machine's time."""

    def __init__(self, process: StoringProcess, control: ControlPlane, clock: Clock, faults: Faults) -> None:
        self.used_at = 0.0
        self._turns = Turns()
        self._process = process
        self._control = control
        self._clock = clock
        self._faults = faults
        self._of_sessions = Budget(OF_SESSIONS)

    def serves(self, segments: list[str]) -> bool:
        """Whether the path is one of a memory's; whether there is such an operation is for `handle` to say."""
        return segments[0] == "memories" or (segments[0] == "tags" and ":memory/" in segments[-1])

    async def handle(self, request: Request, caller: AdmittedCaller) -> None:
        """Answer a request of somebody who is known, to its last byte. Raises ServiceFault, and CallerGone."""
        found = operations.find(request.method, request.segments)
        operation = found[0] if found else None
        async with contextlib.AsyncExitStack() as turn:
            if operation is not None and operation.name in operations.LARGE:
                await turn.enter_async_context(self._turns.turn(caller.grant))
            await deliver(request.send, await self._answer(request, caller, operation), request.id)

    async def _answer(self, request: Request, caller: AdmittedCaller, operation: ServedOperation | None) -> Answer:
        if not request.is_of_a_command:
            self.used_at = time.time()
        if self._faults.strike("throttle"):
            raise ServiceFault(429, "ThrottledException", "Rate exceeded")
        if caller.grant is None:
            return await self._ask(request, caller, await request.body(BODY_MAX).all())
        # A session's token opens no operation on memories themselves, nor on their tags.
        if operation is None or operation in operations.CONTROL:
            raise denied(operation.name if operation else "*", "*")
        size = BODY_MAX if request.length is None else request.length
        if size <= SMALL_MAX:
            return await self._ask(request, caller, await request.body(SMALL_MAX).all())
        body = request.body(BODY_MAX)
        async with self._of_sessions.share(size):
            return await self._ask(request, caller, await _in_time(body))

    async def _ask(self, request: Request, caller: AdmittedCaller, body: bytes) -> Answer:
        asked = Asked(request.method, request.segments, request.query, body, caller.region, self._clock.now())
        if caller.grant is not None:
            asked.granted, asked.project = True, self._control.project_of(caller.grant.runtime_id)
        answered = await self._process.ask(asked)
        if fault := answered.fault():
            raise fault
        return answered.status, answered.headers, answered.body

    async def close(self) -> None:
        """End the process, with what it was asked for done."""
        await self._process.close()


async def _in_time(body: RequestBody) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await body.all()
    except TimeoutError as error:
        raise ServiceFault.validation(f"The request's body took longer than {BODY_SECONDS:.0f} s") from error
