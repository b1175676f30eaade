"""The server's hold on one parent process (`worker/parent.py`): starts it, asks it for sessions, notices its end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from agentcore_cli.local.sandbox.program import SandboxError
from agentcore_cli.local.sandbox.walls import WORKER, keeper_command
from agentcore_cli.local.sandbox.wire import Message, Nonsense, Wire

READY_SECONDS = 60.0
ANSWER_SECONDS = 30.0  # that a parent has for what takes it milliseconds
_OUTPUT_SHOWN = 300  # characters of a dead parent's last words
_OUTPUT_MAX = 1024**2  # bytes that a parent may write; what it imports might never stop


class ForkRefused(SandboxError):
    """The parent can't fork safely; the message says why. A new interpreter can."""


@dataclass(frozen=True, slots=True)
class Forked:
    """A session's first process, and why it did not come from a warm parent (or nothing)."""

    pid: int
    """Its number here."""
    number: int
    """Its number among the parent's children."""
    handle: int | None
    """A pidfd, where there are any; whoever gets this closes it."""
    parent: ForkServer
    reason: str = ""


class ForkServer:
    """One parent process: `spawn` it, wait until it is `ready`; when it is dead it stays dead.

    `studied` tells that it has looked at the memory of a session, and gives the next ones theirs ahead of time.
    """

    def __init__(
        self,
        interpreter: Path,
        settings: dict[str, Any],
        environment: dict[str, str],
        walls: dict[str, Any] | None = None,
    ) -> None:
        """`walls` are what `walls.wall_settings` gives; None: there are none."""
        self._walls = walls
        self._interpreter = interpreter
        self._settings = settings
        self._environment = environment
        self._wire: Wire | None = None
        self._answers: asyncio.Queue[Message | None] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._asked = False  # a session is on its way
        self._released = False
        self._taken_on = {settings["code"]}
        self.studied = False
        self._output = _bounded_file()
        self._owed = 0  # answers
        self._process: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        return self._wire is not None and not self._released

    async def spawn(self) -> None:
        """Start the process. Raises SandboxError when the interpreter does not run."""
        with contextlib.ExitStack() as undo:
            ours, theirs = socket.socketpair()
            undo.callback(ours.close)
            undo.callback(self._output.close)
            try:
                self._process = await self._execute(theirs)
            except OSError as error:
                raise SandboxError(f"{self._interpreter}: {error.strerror}") from error
            finally:
                theirs.close()
            undo.pop_all()
        self._wire = wire = Wire(ours, lambda answer: self._hear(answer, wire), self._lost, descriptors_max=1)

    async def ready(self) -> None:
        """Wait until it has imported. Raises Refusal when it must not fork, SandboxError when it ended."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                if self._walls is not None:
                    await self._build_walls(self._walls)
                answer = await self._exchange(self._settings)
        except TimeoutError:
            await self.kill()
            raise ForkRefused(f"its imports take longer than {READY_SECONDS:.0f} seconds") from None
        if unsafe := answer.get("unsafe"):
            self.release()
            raise ForkRefused(str(unsafe))

    async def take_on(self, code: str) -> None:
        """Have sessions of another snapshot as well. Raises ForkRefused where what was imported does not fit it."""
        if code in self._taken_on:
            return
        answer = await self._ask({"code": code})
        if against := answer.get("against"):
            raise ForkRefused(str(against))
        self._taken_on.add(code)

    async def fork(self, descriptors: tuple[int, ...]) -> Forked:
        """A new session's first process, holding copies of `descriptors`.

        Raises Refusal when forking became unsafe, SandboxError when the parent is dead.
        """
        answer = await self._ask({"fork": True}, descriptors)
        if "refused" in answer:
            raise ForkRefused(str(answer["refused"]))
        number = answer.get("forked")
        if not isinstance(number, int) or number <= 0 or ("handle" in answer) != (self._walls is not None):
            await self.kill()
            raise SandboxError("the session could not be started: its parent talks nonsense")
        if self._walls is None:
            return Forked(number, number, _handle(number), self)
        return Forked(_process_of(answer["handle"]), number, answer["handle"], self)

    async def study(self, number: int) -> None:
        """Let it look at the memory of its session `number`, which has served. Raises SandboxError."""
        answer = await self._ask({"study": number})
        self.studied = bool(answer.get("studied"))

    def release(self) -> None:
        """No more sessions of it, after one it is being asked for: it ends when its last session has ended."""
        self._released = True
        if self._wire is not None and not self._asked:
            self._wire.close()
            self._wire = None
            self._answers.put_nowait(None)

    async def kill(self) -> None:
        """End it now, its sessions or not, and wait for that."""
        self.release()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def ended(self) -> None:
        """Wait for the end of the process, and of what is kept for it."""
        if self._process is not None:
            await self._process.wait()
        self.release()
        self._output.close()

    async def _execute(self, control: socket.socket) -> asyncio.subprocess.Process:
        if self._walls is None:
            command = [str(self._interpreter), str(WORKER), "parent", str(control.fileno())]
        else:
            if not self._interpreter.exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            command = keeper_command("keeper", control.fileno())
        return await asyncio.create_subprocess_exec(
            *command,
            env=self._environment if self._walls is None else {},
            pass_fds=(control.fileno(), *self._handed()),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )

    def _handed(self) -> tuple[int, ...]:
        """What the keeper gets besides: the user namespace in which the program's must lie, if it must."""
        around = None if self._walls is None else self._walls["user_namespace"]
        return () if around is None else (around,)

    async def _ask(self, message: Message, descriptors: tuple[int, ...] = ()) -> Message:
        """One question at a time. Raises SandboxError when the parent is dead; one that does not answer is killed."""
        async with self._turn:
            if self._wire is None:
                raise SandboxError(self._last_words())
            self._asked = True
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    return await self._exchange(message, descriptors)
            except TimeoutError:
                await self.kill()
                raise SandboxError(f"the parent of the sessions did not answer in {ANSWER_SECONDS:.0f} s") from None
            finally:
                self._asked = False
                if self._released:
                    self.release()

    async def _build_walls(self, walls: dict[str, Any]) -> None:
        """Raises SandboxError when the machine refuses, or the interpreter does not run inside."""
        answer = await self._exchange({**walls, "environment": self._environment})
        if "failed" in answer:
            await self.kill()
            raise SandboxError(answer["failed"])
        self._settings = {**self._settings, "kept": answer["kept"]}

    async def _exchange(self, message: Message, descriptors: tuple[int, ...] = ()) -> Message:
        if self._wire is not None:
            self._owed += 1
            with contextlib.suppress(ConnectionError):
                await self._wire.send(message, descriptors)
        answer = await self._answers.get()
        if answer is None:
            self._answers.put_nowait(None)
            raise SandboxError(self._last_words())
        return answer

    def _hear(self, answer: Message, wire: Wire) -> None:
        """Only what was asked for is kept, so whoever talks without end fills nothing here."""
        answer.pop("handle", None)
        handles = wire.take_descriptors()
        if handles and "forked" in answer:
            answer["handle"] = handles.pop()
        for handle in handles:
            os.close(handle)
        if not self._owed:
            if "handle" in answer:
                os.close(answer["handle"])
            raise Nonsense("the parent of sessions answers what was not asked")
        self._owed -= 1
        self._answers.put_nowait(answer)

    def _lost(self) -> None:
        if self._wire is not None and self._wire.is_nonsense and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._wire = None
        self._answers.put_nowait(None)

    def _last_words(self) -> str:
        if self._output.closed:
            return "the parent of the sessions has ended"
        end = os.lseek(self._output.fileno(), 0, os.SEEK_CUR)
        shown = min(end, _OUTPUT_SHOWN)
        text = os.pread(self._output.fileno(), shown, end - shown).decode(errors="replace")
        return f"the parent of the sessions has ended: {text.strip() or 'without a word'}"


def _bounded_file() -> IO[bytes]:
    """Where a parent writes to, and no more than _OUTPUT_MAX where the system can hold it to that."""
    if not hasattr(os, "memfd_create"):
        return tempfile.TemporaryFile()
    file: IO[bytes] = os.fdopen(os.memfd_create("output", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING), "r+b", buffering=0)
    file.truncate(_OUTPUT_MAX)
    fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    return file


def _handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # neither Linux nor 5.3, or ended already
        return None


def _process_of(handle: int) -> int:
    """The process behind a pidfd, as this process numbers it. Raises SandboxError when it has ended."""
    with open(f"/proc/self/fdinfo/{handle}") as file:
        fields = dict(line.split(":", 1) for line in file.read().splitlines())
    pid = int(fields.get("Pid", 0))
    if pid <= 0:
        os.close(handle)
        raise SandboxError("the session could not be started: its first process has ended")
    return pid
