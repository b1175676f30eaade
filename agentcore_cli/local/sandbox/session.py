"""One running session, as the server holds it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from types import NoneType
from typing import Any, Final, NoReturn

from agentcore_cli.local.sandbox.commands import Command, CommandPlace, SessionCommands
from agentcore_cli.local.sandbox.fork_server import Forked
from agentcore_cli.local.sandbox.preload_profiler import PreloadProfiler
from agentcore_cli.local.sandbox.program import Exit, SandboxError
from agentcore_cli.local.sandbox.session_network import SessionNetwork
from agentcore_cli.local.sandbox.session_resources import SessionResources
from agentcore_cli.local.sandbox.start_barrier import StartBarrier
from agentcore_cli.local.sandbox.wire import Message, Nonsense, Wire
from agentcore_cli.local.sandbox.worker import children

_ENDED: Final = {"failed": "its first process has ended"}

START_SECONDS = 30.0
WARNINGS_MAX: Final = 16
WARNING_MAX: Final = 300  # characters
KILL_SECONDS = 5.0
DROWSY_NANOSECONDS = 1_000_000_000


class SessionProcess:
    """A session's process tree. `address` accepts connections before the agent does: they wait for it.

    `pid` is the agent's. `warm` is false when it runs in a new interpreter, and `reason` says why.
    `warnings` are what goes well here and not on AWS. `served` is done when it has given its first good answer,
    `exited` when nothing of the tree is left.
    """

    def __init__(
        self,
        surroundings: SessionResources,
        forked: Forked,
        control: socket.socket,
        gate: StartBarrier,
        network: SessionNetwork,
    ) -> None:
        self.address = surroundings.address
        self.pid = forked.pid
        self.forked = forked
        self.warm = not forked.reason
        self.reason = forked.reason
        self.warnings: list[str] = []
        loop = asyncio.get_running_loop()
        self.served: asyncio.Future[None] = loop.create_future()
        self.exited: asyncio.Future[Exit] = loop.create_future()
        self._surroundings = surroundings
        self._init_pid = forked.pid
        self._handle = forked.handle
        self._answer: asyncio.Future[Message] = loop.create_future()
        self._report: Message | None = None
        self._removed: asyncio.Future[None] | None = None
        self._wire = Wire(control, self._hear, self._end_of_wire, descriptors_max=1)
        self._commands = SessionCommands(self._wire)
        self._place: CommandPlace | None = None
        self._wire_ended = False
        self._process_ended = False
        self._gate = gate
        self._learner: PreloadProfiler | None = None
        self._network = network
        self._watch_process()

    async def prepare(self, request: dict[str, Any]) -> None:
        """Tell the waiting init what to make; returns when the agent is on its way to the gate. Raises SandboxError."""
        self._place = CommandPlace(
            request["app"], request["environment"], request["data_limit"], self._surroundings.group
        )
        await self._ask(request)
        await self._have(self._network.furnished())
        self.pid = next(iter(children.of(self._init_pid)), self._init_pid)

    async def begin(self, environment: Mapping[str, str], log: int, learner: PreloadProfiler | None) -> None:
        """Let the program run as the session that these make of it; `log` is an open file, copied.

        Raises SandboxError when the agent has ended before: then nothing of the program ran.
        """
        await self._have(self._network.let_through(environment))
        await self._ask({"log": True}, (log,))
        try:
            running = await asyncio.wait_for(self._gate.open(environment, learner), START_SECONDS)
        except TimeoutError:
            running = False
        if not running:
            await self._fail("its agent's process has ended")
        self._learner = learner
        self.exited.add_done_callback(self._give_up_learning)
        assert self._place is not None, "prepare() comes first"
        self._place = replace(self._place, environment={**self._place.environment, **environment})

    async def run(self, command: str) -> Command:
        """Let a shell run a command beside the agent, as the agent runs. Raises SandboxError."""
        assert self._place is not None, "begin() comes first"
        return await self._commands.start(command, self._place)

    async def forward(self, port: int, host: str) -> bool:
        """Lead callers to a server of the session that listens on the TCP `port`, where that is nobody else's.

        `host` is where it listens, if on loopback alone. False where the session has no network of its own.
        """
        if not self._network.is_own:
            return False
        with contextlib.suppress(ConnectionError):
            await self._wire.send({"forward": port, "host": host})
        return True

    def mount_namespace(self) -> int:
        """A descriptor of what it sees the files in. Raises SandboxError when it has ended."""
        try:
            descriptor = os.open(f"/proc/{self._init_pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise SandboxError(f"the session can't be entered: {error.strerror}") from error
        if self._handle is None or select.select([self._handle], (), (), 0)[0]:  # the number may be another's by now
            os.close(descriptor)
            raise SandboxError("the session can't be entered: it has ended")
        return descriptor

    async def stop(self, grace: float = 5.0) -> Exit:
        """SIGTERM, `grace` seconds, SIGKILL; returns when the whole tree, its folder and its socket are gone."""
        if not self.exited.done():
            with contextlib.suppress(ConnectionError):
                await self._wire.send({"stop": grace})
            await asyncio.wait({self.exited}, timeout=grace + KILL_SECONDS)
        if not self.exited.done():
            self._kill()
            await asyncio.wait({self.exited}, timeout=KILL_SECONDS)
        if self._process_ended and not self._wire_ended:  # somebody else holds the other end
            self._wire.close()
            self._end_of_wire()
        result = await asyncio.shield(self.exited)
        if self._removed is not None:
            await asyncio.shield(self._removed)
        return result

    def answered(self) -> None:
        """The agent gave its first good answer: by now it has imported what it needs, which its parent may learn."""
        if not self.served.done():
            self.served.set_result(None)
        if self._learner is not None:
            self._learner.ask()
            self._learner = None

    async def _ask(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Have the init do something. Raises SandboxError when it does not; the session has ended then."""
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._wire.send(message, descriptors)
                answer = await self._answer
        except ConnectionError:
            answer = _ENDED
        except TimeoutError:
            answer = {"failed": f"the session did not start within {START_SECONDS:.0f} seconds"}
        if "failed" in answer:
            await self._fail(str(answer["failed"]))

    async def _have(self, network: Awaitable[None]) -> None:
        try:
            await network
        except SandboxError as error:
            await self._fail(error.message)

    async def _fail(self, reason: str) -> NoReturn:
        await self.stop(grace=0)
        raise SandboxError(f"the session could not be started: {reason}")

    def _give_up_learning(self, _exited: asyncio.Future[Exit]) -> None:
        if self._learner is not None:
            self._learner.give_up()

    def drowse(self) -> None:
        """Nobody calls: the timers of the agent's main thread may be up to a second late, as they fall together.

        Servers look around ten times a second; a thousand idle ones would keep a processor busy with that alone.
        """
        self._allow_late_timers(DROWSY_NANOSECONDS)

    def rouse(self) -> None:
        """Somebody calls: timers are punctual again."""
        self._allow_late_timers(0)  # the system's own word for its default

    def _allow_late_timers(self, nanoseconds: int) -> None:
        if not self.exited.done():
            # Not Linux, not allowed, or just gone: that costs processor time and nothing else.
            with contextlib.suppress(OSError), open(f"/proc/{self.pid}/timerslack_ns", "w") as slack:
                slack.write(str(nanoseconds))

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._handle is not None:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            elif self.forked.handle is None:
                os.kill(self._init_pid, signal.SIGKILL)

    def _watch_process(self) -> None:
        """Notice the end of the init process, which is the end of everything in its pid namespace."""
        if self._handle is None:
            self._process_ended = True
        else:
            asyncio.get_running_loop().add_reader(self._handle, self._end_of_process, self._handle)

    def _hear(self, message: Message) -> None:
        if "network" in message:
            if not (descriptors := self._wire.take_descriptors()):
                raise Nonsense("a session hands over a network that it does not have")
            self._network.furnish(descriptors)
        elif "warning" in message:
            self._warn(message["warning"])
        elif "exited" in message:
            self._report = _report_of(message["exited"])
        elif "command" in message:
            self._commands.hear(message)
        elif not self._answer.done():
            self._answer.set_result(message)
        else:
            raise Nonsense("a session answers what was not asked")

    def _warn(self, told: object) -> None:
        """Raises Nonsense for what an honest init would not pass on."""
        if not isinstance(told, str) or len(told) > WARNING_MAX or len(self.warnings) >= WARNINGS_MAX:
            raise Nonsense("a session warns as none does")
        if told.isprintable():
            self.warnings.append(told)

    def _end_of_wire(self) -> None:
        if self._wire.is_nonsense:
            self._kill()
        self._wire_ended = True
        self._commands.end()
        if not self._answer.done():
            self._answer.set_result(_ENDED)
        self._conclude()

    def _end_of_process(self, watched: int) -> None:
        asyncio.get_running_loop().remove_reader(watched)
        os.close(watched)
        self._handle = None
        self._process_ended = True
        self._conclude()

    def _conclude(self) -> None:
        if not (self._wire_ended and self._process_ended) or self.exited.done():
            return
        report = self._report or {"code": None, "signal": signal.SIGKILL}
        out_of_memory = report["signal"] == signal.SIGKILL and self._surroundings.group.out_of_memory()
        self._gate.close()
        self._network.close()
        self._removed = asyncio.get_running_loop().run_in_executor(None, self._surroundings.remove)
        self.exited.set_result(Exit(report["code"], report["signal"], out_of_memory))


def _report_of(told: object) -> Message:
    """How a session says that its agent ended. Raises Nonsense."""
    if not isinstance(told, dict) or {type(told.get(name)) for name in ("code", "signal")} - {int, NoneType}:
        raise Nonsense("a session says that it ended as nothing ends")
    return {"code": told.get("code"), "signal": told.get("signal")}
