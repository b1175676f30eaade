"""The parents of one program: a warm one that forks, a bare one for when that is unsafe, and what they learn."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.environment import base_environment
from agentcore_cli.local.sandbox.isolation import Isolation, Places, mount_settings
from agentcore_cli.local.sandbox.learned import Learned
from agentcore_cli.local.sandbox.parent import Forked, Parent, Refusal
from agentcore_cli.local.sandbox.program import Program, SandboxError
from agentcore_cli.local.sandbox.session import SessionProcess
from agentcore_cli.local.sandbox.spare import Spare

MakeSpare = Callable[["Family"], Awaitable[SessionProcess]]


class Family:
    """Starts parents when they are needed, and again when they were killed.

    `spare` is the program's; only with `make_spare` is there ever one.
    """

    def __init__(
        self, home: Home, isolation: Isolation, program: Program, learned: Learned, make_spare: MakeSpare | None
    ) -> None:
        self.program = program
        self.spare = Spare(None if make_spare is None else lambda: make_spare(self))
        self._home = home
        self._isolation = isolation
        self._learned = learned
        self._warm: Parent | None = None
        self._bare: Parent | None = None
        self._refusal = _reason_against_forks(isolation, program)
        self._learning = learned.of(program) is not None
        self._lock = asyncio.Lock()
        self._endings: dict[Parent, asyncio.Task[None]] = {}
        self._growth: asyncio.Task[None] | None = None
        self._study: asyncio.Task[None] | None = None
        self._released = False

    async def prepare(self) -> None:
        """Have a parent ready. Raises SandboxError only when the interpreter itself does not run."""
        try:
            await self._warm_parent()
        except Refusal:
            await self._bare_parent()

    async def fork(self, descriptors: tuple[int, ...]) -> Forked:
        """A new session's first process. A parent that was killed since its last session is replaced once."""
        try:
            return await self._fork(descriptors)
        except SandboxError:
            return await self._fork(descriptors)

    def claim_learning(self) -> bool:
        """Whether the caller's session is the one to learn from. Give it back by `learn(None)`."""
        if self._learning or self._refusal:
            return False
        self._learning = True
        return True

    def learn(self, modules: list[str] | None) -> None:
        """What the session that learns had imported; a parent with all of it takes over as soon as it is ready."""
        if modules is None:
            self._learning = False
        elif not self._released:
            self._growth = asyncio.get_running_loop().create_task(self._grow(modules))

    def served(self, forked: Forked, pid: int) -> None:
        """A session has given its first answer: its agent's process `pid` shows what memory the next ones will need."""
        parent = forked.parent
        if parent is self._warm and not parent.studied and self._learned.of(self.program) is not None:
            self._study = asyncio.get_running_loop().create_task(_study(parent, pid))
        self.spare.due()

    def release(self) -> None:
        """No new sessions: the parents end with their last session."""
        self._released = True
        if self._growth is not None:
            self._growth.cancel()
        for parent in self._endings:
            parent.release()

    async def ended(self) -> None:
        """Wait until no parent is left."""
        if self._growth is not None:
            await asyncio.wait({self._growth})
        await asyncio.gather(*self._endings.values())

    async def close(self) -> None:
        """End the parents now."""
        self.release()
        await asyncio.gather(*(parent.kill() for parent in self._endings))
        await self.ended()

    async def _fork(self, descriptors: tuple[int, ...]) -> Forked:
        try:
            parent = await self._warm_parent()
            return Forked(await parent.fork(descriptors), parent, "")
        except Refusal as refusal:
            bare = await self._bare_parent()
            return Forked(await bare.fork(descriptors), bare, refusal.message)

    async def _warm_parent(self) -> Parent:
        async with self._lock:
            if self._refusal:
                raise Refusal(self._refusal)
            if self._warm is None or not self._warm.alive:
                try:
                    self._warm = await self._start(self._learned.of(self.program) or [])
                except SandboxError as error:
                    self._refusal = error.message
                    raise Refusal(error.message) from error
            return self._warm

    async def _bare_parent(self) -> Parent:
        async with self._lock:
            if self._bare is None or not self._bare.alive:
                self._bare = await self._start(None)
            return self._bare

    async def _start(self, learned: list[str] | None) -> Parent:
        """A parent that has imported what the program imports and what was learned; None: that imports nothing."""
        settings: dict[str, Any] = {
            **mount_settings(self._home, self._isolation, self.program.code, self.program.readable),
            "start": list(self.program.start),
            "port": self.program.port,
            "fresh": learned is None,
            "learned": learned or [],
            "path": self.program.python_path,
        }
        places = Places.shared(self._home)
        environment = base_environment(self.program, places.home, places.temporary)
        parent = Parent(self.program.interpreter, settings, environment)
        await parent.spawn()
        self._endings[parent] = asyncio.get_running_loop().create_task(self._await_end(parent))
        await parent.ready()
        return parent

    async def _grow(self, modules: list[str]) -> None:
        try:
            grown = await self._start(modules)
        except SandboxError:  # what it learned makes it unsafe to fork: it stays as it is, for good
            self._learned.remember(self.program, [])
            return
        self._learned.remember(self.program, modules)
        old, self._warm = self._warm, grown
        if old is not None:
            old.release()
        self.spare.drop()
        self.spare.due()

    async def _await_end(self, parent: Parent) -> None:
        await parent.ended()
        del self._endings[parent]


async def _study(parent: Parent, pid: int) -> None:
    with contextlib.suppress(SandboxError):  # the next session's start will meet it too
        await parent.study(pid)


def _reason_against_forks(isolation: Isolation, program: Program) -> str:
    """What is known before any import, or nothing."""
    if not isolation.forks:
        return f"{sys.platform} does not let a process with imports fork"
    launcher = Path(program.start[0])
    return f"{launcher.name} executes a new interpreter" if launcher.is_absolute() else ""
