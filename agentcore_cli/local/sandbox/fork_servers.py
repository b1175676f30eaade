"""The parents of one program, and of later versions of it that differ in their code alone.

A warm one that forks, a bare one for when that is unsafe, and what they learn.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from agentcore_cli.contract import LOCAL_DEBUGGER
from agentcore_cli.local.sandbox.environment import base_environment, needs_own_interpreter
from agentcore_cli.local.sandbox.fork_server import Forked, ForkRefused, ForkServer
from agentcore_cli.local.sandbox.isolation import SHARED, Isolation
from agentcore_cli.local.sandbox.network import Mode
from agentcore_cli.local.sandbox.preload import Preload
from agentcore_cli.local.sandbox.program import Program, SandboxError
from agentcore_cli.local.sandbox.session import SessionProcess
from agentcore_cli.local.sandbox.standby import Standby
from agentcore_cli.local.sandbox.worker.places import CODE

DEATHS_MAX = 2  # of parents in a row, while they import, after which sessions get new interpreters
WITNESSES = 2  # sessions that must have loaded a module before a parent imports it

MakeSpare = Callable[["ForkServers", Program], Awaitable[SessionProcess]]


class ForkServers:
    """Starts parents when they are needed, and again when they were killed.

    `spare` is the program's; only with `make_spare` is there ever one.
    """

    def __init__(
        self,
        isolation: Isolation,
        walls: dict[str, Any],
        program: Program,
        learned: Preload,
        make_spare: MakeSpare | None,
        mode: Mode,
    ) -> None:
        """`walls` are what `walls.wall_settings` gives for the program, `mode` is the network of its sessions."""
        self.mode = mode
        self.room = program.key
        self._programs = [program]
        self._spares: dict[str, Standby] = {}
        self._make_spare = make_spare
        self._walls = walls
        self._isolation = isolation
        self._learned = learned
        self._warm: ForkServer | None = None
        self._bare: ForkServer | None = None
        self._refusal = _reason_against_forks(isolation, program)
        self._claims = WITNESSES if learned.of(program) is not None else 0
        self._reports: list[list[str]] = []
        self._lock = asyncio.Lock()
        self._endings: dict[ForkServer, asyncio.Task[None]] = {}
        self._growth: asyncio.Task[None] | None = None
        self._study: asyncio.Task[None] | None = None
        self._released = False
        self._forking = 0  # sessions that are on their way
        self._deaths = 0

    @property
    def program(self) -> Program:
        """The newest, for which parents are started."""
        return self._programs[-1]

    def spare(self, program: Program) -> Standby:
        """The session ahead of one of the programs; there is none of one that has left."""
        make = self._make_spare
        if make is None or not self._has(program):
            return Standby(None)
        if program.key not in self._spares:
            self._spares[program.key] = Standby(lambda: make(self, program))
        return self._spares[program.key]

    async def adopt(self, program: Program) -> bool:
        """Whether the parent that is there has sessions of `program`, too, which is of the same kin.

        What its sessions import beyond that is looked at anew.
        """
        if self._refusal or self._warm is None or not self._warm.alive:
            return False
        try:
            await self._warm.take_on(program.code.name)
        except SandboxError:
            return False
        if self._released:
            return False
        self._programs.append(program)
        self._claims, self._reports = 0, []
        return True

    async def leave(self, program: Program) -> bool:
        """No new sessions of `program`; whether there are any of others. Without any the parents end."""
        spare, is_last = self._spares.pop(program.key, None), len(self._programs) == 1
        if is_last:
            self.release()
        else:
            self._programs = [other for other in self._programs if other.key != program.key]
        if spare is not None:
            await spare.close()
        return not is_last

    async def prepare(self) -> None:
        """Have a parent ready. Raises SandboxError only when the interpreter itself does not run."""
        try:
            await self._warm_parent()
        except ForkRefused:
            await self._bare_parent()

    async def fork(self, program: Program, descriptors: tuple[int, ...]) -> Forked:
        """A new session's first process. Raises SandboxError when the parent has ended; there is another next time."""
        self._forking += 1
        try:
            parent = await self._warm_parent()
            await parent.take_on(program.code.name)
            return await parent.fork(descriptors)
        except ForkRefused as refusal:
            bare = await self._bare_parent()
            return replace(await bare.fork(descriptors), reason=refusal.message)
        finally:
            self._forking -= 1
            self._release_parents()

    def claim_learning(self) -> bool:
        """Whether the caller's session is one of those to learn from. Give it back by `learn(None)`."""
        if self._claims >= WITNESSES or self._refusal:
            return False
        self._claims += 1
        return True

    def learn(self, modules: list[str] | None) -> None:
        """What a session says it has imported.

        A session's word alone has nothing imported that others will run with: what the parent takes on was named by
        two sessions, started apart, and (`worker/imports.py`) comes from the environment's or the interpreter's own
        files. A parent with all of it takes over as soon as it is ready.
        """
        if modules is None:
            self._claims = max(0, self._claims - 1)
            return
        self._reports.append(modules)
        if len(self._reports) == WITNESSES and not self._released:
            first, *others = self._reports
            common = [name for name in first if all(name in other for other in others)]
            known = self._learned.of(self.program)
            if known is not None and (not common or self._growth is not None):
                return
            common = [*(known or ()), *common]
            self._growth = asyncio.get_running_loop().create_task(self._grow(common))

    def served(self, program: Program, forked: Forked) -> None:
        """A session has given its first answer: its agent's process shows what memory the next ones will need."""
        parent = forked.parent
        if parent is self._warm and not parent.studied and self._learned.of(self.program) is not None:
            self._study = asyncio.get_running_loop().create_task(_study(parent, forked.number))
        self.spare(program).due()

    def release(self) -> None:
        """No new sessions, after those that are on their way: the parents end with their last session."""
        self._released = True
        if self._growth is not None:
            self._growth.cancel()
        self._release_parents()

    async def ended(self) -> None:
        """Wait until no parent is left."""
        if self._growth is not None:
            await asyncio.wait({self._growth})
        while self._endings:
            await asyncio.gather(*self._endings.values())

    async def close(self) -> None:
        """End the parents now."""
        self.release()
        await asyncio.gather(*(parent.kill() for parent in self._endings))
        await self.ended()

    def _has(self, program: Program) -> bool:
        return not self._released and any(each.key == program.key for each in self._programs)

    def _release_parents(self) -> None:
        if self._released and not self._forking:
            for parent in self._endings:
                parent.release()

    async def _warm_parent(self) -> ForkServer:
        async with self._lock:
            if self._refusal:
                raise ForkRefused(self._refusal)
            if self._warm is None or not self._warm.alive:
                try:
                    self._warm = await self._start(self._learned.of(self.program) or [])
                except SandboxError as error:
                    self._deaths += 1
                    if isinstance(error, ForkRefused) or self._deaths >= DEATHS_MAX:
                        self._refusal = error.message
                    raise ForkRefused(error.message) from error
                self._deaths = 0
            return self._warm

    async def _bare_parent(self) -> ForkServer:
        async with self._lock:
            if self._bare is None or not self._bare.alive:
                self._bare = await self._start(None)
            return self._bare

    async def _start(self, learned: list[str] | None) -> ForkServer:
        """A parent that has imported what the program imports and what was learned; None: that imports nothing."""
        walled = self._isolation.namespaces is not None
        settings: dict[str, Any] = {
            "namespaces": self._isolation.namespaces,
            "overlay": self._isolation.overlay,
            "guards": [guard.name for guard in self._isolation.guards if guard.active],
            "app": SHARED.app if walled else str(self.program.code),
            "snapshots": CODE if walled else str(self.program.code.parent),
            "code": self.program.code.name,
            "start": list(self.program.start),
            "port": self.program.port,
            "storage": self.program.storage,
            "fresh": learned is None,
            "learned": learned or [],
            "path": self.program.python_path,
        }
        environment = base_environment(self.program, SHARED.home, SHARED.temporary, walled=walled)
        walls = {**self._walls, "code": str(self.program.code)} if walled else None
        parent = ForkServer(self.program.interpreter, settings, environment, walls)
        await parent.spawn()
        self._endings[parent] = asyncio.get_running_loop().create_task(self._await_end(parent))
        await parent.ready()
        return parent

    async def _grow(self, modules: list[str]) -> None:
        try:
            grown = await self._start(modules)
        except SandboxError:  # what it learned makes it unsafe to fork: it stays as it is, for good
            self._learned.remember(self.program, self._learned.of(self.program) or [])
            return
        finally:
            self._growth = None
        self._learned.remember(self.program, modules)
        old, self._warm = self._warm, grown
        if old is not None:
            old.release()
        for spare in self._spares.values():
            spare.drop()
            spare.due()

    async def _await_end(self, parent: ForkServer) -> None:
        await parent.ended()
        del self._endings[parent]


async def _study(parent: ForkServer, number: int) -> None:
    with contextlib.suppress(SandboxError):  # the next session's start will meet it too
        await parent.study(number)


def _reason_against_forks(isolation: Isolation, program: Program) -> str:
    """What is known before any import, or nothing."""
    if not isolation.forks:
        return f"{sys.platform} does not let a process with imports fork"
    if name := needs_own_interpreter(program):
        return f"{name} changes the interpreter"
    if program.start[:2] == ("-m", LOCAL_DEBUGGER):
        return f"{LOCAL_DEBUGGER} begins with the interpreter"
    launcher = Path(program.start[0])
    return f"{launcher.name} executes a new interpreter" if launcher.is_absolute() else ""
