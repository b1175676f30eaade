"""Sessions on this machine, for a server that runs on asyncio."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from typing import Any

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox.cgroups import Cgroups
from agentcore_cli.local.sandbox.family import Family, Forked
from agentcore_cli.local.sandbox.folders import Folders
from agentcore_cli.local.sandbox.isolation import Isolation, Places, detect
from agentcore_cli.local.sandbox.learned import Learned
from agentcore_cli.local.sandbox.learner import Learner
from agentcore_cli.local.sandbox.program import Exit, Level, Program, SandboxError, SessionSpec
from agentcore_cli.local.sandbox.session import SessionProcess
from agentcore_cli.local.sandbox.surroundings import Surroundings

CLOSE_GRACE = 1.0  # seconds that agents get when everything ends
DESCRIPTORS = 65536  # open files of the server


class Sandbox:
    """Runs sessions of programs, each in a process tree of its own. One per home; made in the server's process."""

    def __init__(self, home: Home, isolation: Isolation | None = None) -> None:
        """Sweeps away what a killed server left, and finds out (some 50 ms) how well sessions can be kept apart.

        `isolation` settles that instead, for less than the machine has.
        """
        self._home = home.create()
        self._folders = Folders(home)
        self._cgroups = Cgroups(home)
        self._cgroups.sweep()
        self._folders.sweep()
        self._isolation = isolation or detect(home)
        self._learned = Learned(home)
        self._families: dict[str, Family] = {}
        self._forgotten: dict[Family, asyncio.Task[None]] = {}
        self._sessions: set[SessionProcess] = set()
        self._endings: set[asyncio.Task[Exit]] = set()
        _raise_descriptor_limit()

    @property
    def level(self) -> Level:
        return self._isolation.level

    async def prepare(self, program: Program) -> None:
        """Have the program's warm parent ready. Raises SandboxError when its interpreter does not run."""
        await self._family(program).prepare()

    async def start(self, program: Program, spec: SessionSpec) -> SessionProcess:
        """Start a session; returns when its agent's process runs, before it listens. Raises SandboxError."""
        starting = asyncio.get_running_loop().create_task(self._start(program, spec))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._end_unwanted)  # the parent's answer must be heard all the same
            raise

    async def forget(self, program_key: str) -> None:
        """No new sessions of the program; those that run go on."""
        family = self._families.pop(program_key, None)
        if family is not None:
            family.release()
            self._forgotten[family] = asyncio.get_running_loop().create_task(self._await_end(family))

    async def close(self) -> None:
        """End every session and every parent."""
        await asyncio.gather(*(session.stop(CLOSE_GRACE) for session in list(self._sessions)), *self._endings)
        await asyncio.gather(*(family.close() for family in (*self._families.values(), *self._forgotten)))
        await asyncio.gather(*self._forgotten.values())
        self._families.clear()
        self._cgroups.close()
        self._folders.close()

    async def _await_end(self, family: Family) -> None:
        await family.ended()
        del self._forgotten[family]

    def _family(self, program: Program) -> Family:
        family = self._families.get(program.key)
        if family is None:
            family = self._families[program.key] = Family(self._home, self._isolation, program, self._learned)
        return family

    async def _start(self, program: Program, spec: SessionSpec) -> SessionProcess:
        try:
            surroundings = await Surroundings.create(self._folders, self._cgroups, self._isolation, program, spec)
        except OSError as error:
            raise SandboxError(f"the session could not be prepared: {error}") from error
        family = self._family(program)
        learner = Learner(family.learn) if family.claim_learning() else None
        control, theirs = socket.socketpair()
        try:
            forked = await _fork(family, theirs, surroundings, learner)
        except SandboxError:
            control.close()
            if learner is not None:
                learner.give_up()
            await asyncio.get_running_loop().run_in_executor(None, surroundings.remove)
            raise
        session = SessionProcess(surroundings, forked, control, learner)
        self._sessions.add(session)
        session.exited.add_done_callback(lambda _: self._sessions.discard(session))
        await session.begin(self._request(spec, surroundings, learns=learner is not None))
        return session

    def _end_unwanted(self, starting: asyncio.Task[SessionProcess]) -> None:
        if not starting.cancelled() and starting.exception() is None:
            ending = asyncio.get_running_loop().create_task(starting.result().stop(CLOSE_GRACE))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    def _request(self, spec: SessionSpec, surroundings: Surroundings, *, learns: bool) -> dict[str, Any]:
        shared = self._isolation.namespaces is not None
        places = Places.shared(self._home) if shared else Places.inside(surroundings.folder)
        return {
            "folder": str(surroundings.folder),
            "app": places.app,
            "environment": {"HOME": places.home, "TMPDIR": places.temporary, **spec.environment},
            "data_limit": None if surroundings.group.limits_memory else spec.memory,
            "learn": learns,
        }


async def _fork(family: Family, control: socket.socket, surroundings: Surroundings, learner: Learner | None) -> Forked:
    """Hand over to a new process what it needs, and close it here."""
    cgroups = surroundings.group.open()
    learning = [learner.theirs] if learner is not None else []
    descriptors = (control.fileno(), surroundings.listener.fileno(), surroundings.log, *learning, *cgroups)
    try:
        return await family.fork(descriptors)
    finally:
        control.close()
        surroundings.let_go()
        for descriptor in (*learning, *cgroups):
            os.close(descriptor)


def _raise_descriptor_limit() -> None:
    """A session costs the server some descriptors, and there may be a thousand sessions."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
