"""Shell commands inside a session's container: the counterpart of `sandbox.Command`, by the engine's exec.

The engine can't end what it has started by exec, so the shell says its number first (a line of its own, before anything
else is written), and another exec kills its group: the engine makes each of them the leader of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator
from typing import Any, Final

from agentcore_cli.local.containers.engine import Engine, EngineError
from agentcore_cli.local.containers.frames import STDERR, Frames
from agentcore_cli.local.sandbox import Exit, SandboxError, Stream
from agentcore_cli.local.upstream import Connection, UpstreamLost

PIECE_MAX: Final = 8192  # bytes, as of the other sandbox
SHELL: Final = 'printf "%s\\n" "$$"; if command -v bash >/dev/null; then exec bash -c "$1"; else exec sh -c "$1"; fi'
_SIGNALLED: Final = 128  # plus the signal's number


class ContainerCommand:
    """One command: its `output` is read to the end, and by then `ended` is done; see `sandbox.Command`."""

    def __init__(self, engine: Engine, container: str, id: str, opened: contextlib.AsyncExitStack) -> None:
        self.ended: asyncio.Future[Exit | None] = asyncio.get_running_loop().create_future()
        self._engine = engine
        self._container = container
        self._id = id
        self._opened = opened
        self._connection: Connection | None = None
        self._frames = Frames()
        self._pid = ""
        self._first = b""

    @classmethod
    async def start(cls, engine: Engine, container: str, text: str) -> ContainerCommand:
        """Raises SandboxError when the container has ended or has no shell."""
        async with contextlib.AsyncExitStack() as opened:
            try:
                made = await engine.ask("POST", f"/containers/{container}/exec", body=_order(SHELL, "sh", text))
                command = cls(engine, container, made["Id"], opened)
                command._connection = await opened.enter_async_context(
                    engine.open("POST", f"/exec/{made['Id']}/start", body={"Detach": False, "Tty": False})
                )
            except (EngineError, UpstreamLost) as error:
                raise SandboxError(f"the command could not be started: {error}") from error
            command._opened = opened.pop_all()
        return command

    async def output(self) -> AsyncGenerator[tuple[Stream, bytes], None]:
        """What the command writes, as it does."""
        assert self._connection is not None, "start() comes first"
        try:
            with contextlib.suppress(UpstreamLost):  # the container was removed
                while data := await self._connection.chunk():
                    for stream, written in self._frames.feed(data):
                        for piece in self._pieces(stream, written):
                            yield "stderr" if stream == STDERR else "stdout", piece
            self.ended.set_result(await self._end())
        finally:
            await self._opened.aclose()

    async def kill(self) -> None:
        """SIGKILL for the shell and its process group."""
        if self._pid and not self.ended.done():
            with contextlib.suppress(EngineError, UpstreamLost):
                killer = _order('kill -KILL -- "-$1"', "sh", self._pid)
                made = await self._engine.ask("POST", f"/containers/{self._container}/exec", body=killer)
                await self._engine.ask("POST", f"/exec/{made['Id']}/start", body={"Detach": True})

    def _pieces(self, stream: int, written: bytes) -> list[bytes]:
        """The command's own output, without the number that comes first."""
        if not self._pid and stream != STDERR:
            number, line_end, written = (self._first + written).partition(b"\n")
            self._first = number
            self._pid = number.decode() if line_end else ""
        return [written[at : at + PIECE_MAX] for at in range(0, len(written), PIECE_MAX)]

    async def _end(self) -> Exit | None:
        try:
            shown = await self._engine.ask("GET", f"/exec/{self._id}/json")
        except (EngineError, UpstreamLost):
            return None
        code = shown["ExitCode"]
        if shown["Running"] or code is None:
            return None
        by_signal = code > _SIGNALLED and code - _SIGNALLED in signal.valid_signals()
        return Exit(None, code - _SIGNALLED) if by_signal else Exit(code, None)


def _order(script: str, *arguments: str) -> dict[str, Any]:
    """The body of ContainerExec."""
    return {"Cmd": ["/bin/sh", "-c", script, *arguments], "AttachStdout": True, "AttachStderr": True, "Tty": False}
