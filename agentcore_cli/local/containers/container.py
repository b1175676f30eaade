"""One session's container, as the server holds it: the counterpart of `sandbox.SessionProcess`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import signal
from pathlib import Path
from typing import Any, Final

from agentcore_cli.local.containers import commands
from agentcore_cli.local.containers.commands import ContainerCommand
from agentcore_cli.local.containers.engine import Engine, EngineError
from agentcore_cli.local.containers.frames import StreamFrames
from agentcore_cli.local.containers.statuses import exit_of
from agentcore_cli.local.http.upstream import AgentConnection, UpstreamLost
from agentcore_cli.local.sandbox import Exit, SandboxError
from agentcore_cli.local.sandbox.worker.log import Log

KILL_SECONDS: Final = 10.0  # how long the engine may take to kill a container that did not stop
LAST_LINES_SECONDS: Final = 5.0  # how long output may still come after the end

_log = logging.getLogger(__name__)


class Container:
    """`exited` is done when the agent has ended and its output is in the log; the container is removed by `stop`.

    `address` is where its port is published on loopback, `pid` the first process's, as this machine numbers it where
    the engine runs on it. It never comes from a warm parent: `reason` says so.
    """

    warm = False
    warnings: tuple[str, ...] = ()  # an image is what it is on AWS, too

    def __init__(self, engine: Engine, id: str, reason: str) -> None:
        self.id = id
        self.reason = reason
        self.address = ""
        self.pid = 0
        self.exited: asyncio.Future[Exit] = asyncio.get_running_loop().create_future()
        self._engine = engine
        self._watching: asyncio.Task[None] | None = None
        self._removing: asyncio.Task[None] | None = None

    async def begin(self, port: int, log: Path) -> None:
        """Start it, its output going to `log` from the first byte. Raises EngineError, UpstreamLost."""
        attached = contextlib.AsyncExitStack()
        output = await attached.enter_async_context(
            self._engine.open("POST", f"/containers/{self.id}/attach", {"stream": 1, "stdout": 1, "stderr": 1})
        )
        try:
            await self._engine.ask("POST", f"/containers/{self.id}/start")
            shown = await self._engine.ask("GET", f"/containers/{self.id}/json")
        except BaseException:
            await attached.aclose()
            raise
        self.address, self.pid = _published(shown, port), shown["State"]["Pid"]
        self._watching = asyncio.create_task(self._watch(attached, output, log))

    async def run(self, text: str) -> ContainerCommand:
        """Let a shell run a command beside the agent, as the agent runs. Raises SandboxError."""
        return await commands.run(self._engine, self.id, text)

    async def stop(self, grace: float = 5.0) -> Exit:
        """The image's stop signal, `grace` seconds, SIGKILL; returns when the container is gone.

        Raises SandboxError when the engine does not remove it.
        """
        if self._removing is None:
            self._removing = asyncio.create_task(self._remove(grace))
        try:
            await asyncio.shield(self._removing)
        except EngineError as error:
            raise SandboxError(f"container {self.id[:12]} could not be removed: {error.message}") from error
        return self.exited.result()

    def mount_namespace(self) -> int:
        """A descriptor of what it sees the files in. Raises SandboxError when its process is not this machine's."""
        try:
            descriptor = os.open(f"/proc/{self.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SandboxError(f"container {self.id[:12]} can't be entered: {error.strerror}") from error
        if not self._is_its(self.pid):
            os.close(descriptor)
            raise SandboxError(f"container {self.id[:12]} can't be entered: its process is not on this machine")
        return descriptor

    def _is_its(self, pid: int) -> bool:
        """Whether a process of this machine is the container's: its files or its control group bear the id."""
        for told in ("cgroup", "mountinfo"):
            with contextlib.suppress(OSError):
                if self.id in Path(f"/proc/{pid}/{told}").read_text(errors="replace"):
                    return True
        return False

    def answered(self) -> None:
        """There is no parent that could learn from it."""

    def drowse(self) -> None:
        """The timers in a container are the engine's affair."""

    def rouse(self) -> None:
        """See `drowse`."""

    async def _remove(self, grace: float) -> None:
        try:
            if not self.exited.done() and self._watching is not None:
                await self._end(grace)
        finally:
            await remove(self._engine, self.id)
            if self._watching is not None:
                self._watching.cancel()
            self._conclude(Exit(None, None))

    async def _end(self, grace: float) -> None:
        """Stop it and see how it ends. Where the engine does not stop it, the removal that follows kills it."""
        seconds = {"t": math.ceil(grace)}
        with contextlib.suppress(EngineError):
            await self._engine.ask("POST", f"/containers/{self.id}/stop", seconds, seconds=grace + KILL_SECONDS)
            await asyncio.wait({self.exited}, timeout=LAST_LINES_SECONDS * 2)

    async def _watch(self, attached: contextlib.AsyncExitStack, output: AgentConnection, log: Path) -> None:
        copying = asyncio.create_task(_copy(output, log))
        try:
            end = await self._await_end()
            await asyncio.wait({copying}, timeout=LAST_LINES_SECONDS)
        finally:
            copying.cancel()
            await attached.aclose()
        self._conclude(end)

    async def _await_end(self) -> Exit:
        try:
            await self._engine.ask("POST", f"/containers/{self.id}/wait", seconds=None)
            return _exit((await self._engine.ask("GET", f"/containers/{self.id}/json"))["State"])
        except EngineError as error:
            _log.warning("container %s: its end was not seen: %s", self.id[:12], error.message)
            return Exit(None, None)

    def _conclude(self, end: Exit) -> None:
        if not self.exited.done():
            self.exited.set_result(end)


async def remove(engine: Engine, id: str) -> None:
    """Remove a container, running or not, and its volumes. One that is gone, or going, is fine."""
    try:
        await engine.ask("DELETE", f"/containers/{id}", {"force": 1, "v": 1})
    except EngineError as error:
        if error.status not in (404, 409):
            raise


async def _copy(output: AgentConnection, log: Path) -> None:
    """What the container writes, to the session's log; disks are slow, so in a thread."""
    frames, file = StreamFrames(), _open(log)
    records = Log(file)
    try:
        with contextlib.suppress(UpstreamLost):
            while data := await output.chunk():
                written = b"".join(payload for _, payload in frames.feed(data))
                await asyncio.shield(asyncio.to_thread(records.write, written))
    finally:
        records.close()
        os.close(file)


def _open(log: Path) -> int:
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(log, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _published(shown: dict[str, Any], port: int) -> str:
    """Where the agent is reached. A container that has ended already has no port: nothing will answer there."""
    bindings = (shown["NetworkSettings"].get("Ports") or {}).get(f"{port}/tcp") or [{"HostPort": "0"}]
    return f"127.0.0.1:{bindings[0]['HostPort']}"


def _exit(state: dict[str, Any]) -> Exit:
    if state.get("OOMKilled"):
        return Exit(None, signal.SIGKILL, out_of_memory=True)
    return exit_of(state["ExitCode"])
