"""Shell commands inside a running container, beside its agent: the counterpart of `sandbox.commands`.

The engine can start a process in a container and can't end it, so the shell tells its number first, on a line of its
own; it leads its process group, which another process in the container then kills. What a command leaves running in
the background may hold its output open: that the shell has ended is asked of the engine, too.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Final

from agentcore_cli.local.containers.engine import Engine, EngineError
from agentcore_cli.local.containers.frames import STDERR, STDOUT, StreamFrames
from agentcore_cli.local.containers.statuses import exit_of
from agentcore_cli.local.http.upstream import AgentConnection, UpstreamLost
from agentcore_cli.local.sandbox import Exit, SandboxError, Stream

LOOK_SECONDS: Final = 0.5  # between two questions to the engine whether the shell has ended
PIECE_MAX: Final = 8192  # bytes, as in the other sandbox
_NAMES: Final[dict[int, Stream]] = {STDOUT: "stdout", STDERR: "stderr"}
_START: Final = (
    'echo $$; for shell in /bin/bash /usr/bin/bash /bin/sh; do [ -x $shell ] && exec $shell -c "$1"; done; exit 126'
)


async def run(engine: Engine, container: str, text: str) -> ContainerCommand:
    """Let a shell run `text` as the agent runs: its user, its folder, its variables. Raises SandboxError."""
    try:
        id = await _prepare(engine, container, ["/bin/sh", "-c", _START, "sh", text])
        opened = contextlib.AsyncExitStack()
        connection = await opened.enter_async_context(_started(engine, id))
    except (EngineError, UpstreamLost) as error:
        raise SandboxError(f"the command could not be started: {error}") from error
    return ContainerCommand(engine, container, id, connection, opened)


class ContainerCommand:
    """One command: its `output` is read to the end, and by then `ended` is done.

    `ended` gives None when the container came to its end before the command did.
    """

    def __init__(
        self,
        engine: Engine,
        container: str,
        id: str,
        connection: AgentConnection,
        opened: contextlib.AsyncExitStack,
    ) -> None:
        self.ended: asyncio.Future[Exit | None] = asyncio.get_running_loop().create_future()
        self._engine = engine
        self._container = container
        self._id = id
        self._connection = connection
        self._opened = opened
        self._leader: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._first = bytearray()

    async def output(self) -> AsyncGenerator[tuple[Stream, bytes], None]:
        """What the command writes, as it does. It waits while nobody reads."""
        frames = StreamFrames()
        try:
            while data := await self._next():
                for stream, payload in frames.feed(data):
                    written = self._after_the_number(payload) if stream == STDOUT else payload
                    for at in range(0, len(written), PIECE_MAX):
                        yield _NAMES[stream], written[at : at + PIECE_MAX]
            self._conclude(await self._state())
        finally:
            self.close()
            await self._opened.aclose()

    async def kill(self) -> None:
        """SIGKILL for the shell and its process group."""
        if self.ended.done():
            return
        with contextlib.suppress(EngineError, UpstreamLost, TimeoutError):
            leader = await asyncio.wait_for(asyncio.shield(self._leader), LOOK_SECONDS * 10)
            killer = await _prepare(self._engine, self._container, ["/bin/sh", "-c", f"kill -9 -{leader}"])
            async with _started(self._engine, killer) as connection:
                await connection.chunk()

    def close(self) -> None:
        """Read no more."""
        self._connection.close()

    async def _next(self) -> bytes:
        """What was written meanwhile; b"" when the shell has ended, or everything that holds its output."""
        reading = asyncio.ensure_future(self._connection.chunk())
        try:
            while not (await asyncio.wait({reading}, timeout=LOOK_SECONDS))[0]:
                state = await self._state()
                if state is None or not state["Running"]:
                    await asyncio.wait({reading}, timeout=LOOK_SECONDS)
                    break
            return reading.result() if reading.done() else b""
        except UpstreamLost:
            return b""
        finally:
            reading.cancel()

    async def _state(self) -> dict[str, Any] | None:
        try:
            shown: dict[str, Any] = await self._engine.ask("GET", f"/exec/{self._id}/json")
        except EngineError:
            return None  # it went with its container
        return shown

    def _after_the_number(self, data: bytes) -> bytes:
        """The shell's number is its first line, which is not the command's output."""
        if self._leader.done():
            return data
        self._first += data
        number, end, rest = self._first.partition(b"\n")
        if end:
            self._leader.set_result(number.decode())
        return bytes(rest)

    def _conclude(self, state: dict[str, Any] | None) -> None:
        if not self.ended.done():
            has_ended = state is not None and state["ExitCode"] is not None and not state["Running"]
            self.ended.set_result(exit_of(state["ExitCode"]) if has_ended and state else None)


async def _prepare(engine: Engine, container: str, command: list[str]) -> str:
    body = {"AttachStdout": True, "AttachStderr": True, "Cmd": command}
    return str((await engine.ask("POST", f"/containers/{container}/exec", body=body))["Id"])


def _started(engine: Engine, id: str) -> contextlib.AbstractAsyncContextManager[AgentConnection]:
    return engine.open("POST", f"/exec/{id}/start", body={"Detach": False, "Tty": False})
