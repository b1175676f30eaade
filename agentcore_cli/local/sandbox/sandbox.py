"""Sessions on this machine, for a server that runs on asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import attachment
from agentcore_cli.local.sandbox.account import give_tree, let_in, protect_tree
from agentcore_cli.local.sandbox.cgroups import Cgroups
from agentcore_cli.local.sandbox.environment import interpreter_variables
from agentcore_cli.local.sandbox.folders import Folders
from agentcore_cli.local.sandbox.fork_servers import ForkServers
from agentcore_cli.local.sandbox.handover import hand_over
from agentcore_cli.local.sandbox.isolation import SHARED, Isolation, Places, detect
from agentcore_cli.local.sandbox.network import Mode, Serve, SharedGateway
from agentcore_cli.local.sandbox.preload import Preload
from agentcore_cli.local.sandbox.preload_profiler import PreloadProfiler
from agentcore_cli.local.sandbox.program import (
    BindMount,
    Exit,
    Level,
    Limits,
    Program,
    SandboxError,
    SessionSpec,
    Storage,
)
from agentcore_cli.local.sandbox.session import SessionProcess
from agentcore_cli.local.sandbox.session_network import SessionNetwork
from agentcore_cli.local.sandbox.session_resources import SessionResources
from agentcore_cli.local.sandbox.walls import owner, wall_settings

CLOSE_GRACE = 1.0  # seconds that agents get when everything ends
DESCRIPTORS = 65536  # open files of the server


class Sandbox:
    """Runs sessions of programs, each in a process tree of its own. One per home; made in the server's process."""

    def __init__(
        self,
        home: Home,
        isolation: Isolation | None = None,
        *,
        keep_spares: bool = False,
        network: SharedGateway | None = None,
    ) -> None:
        """Sweeps away what a killed server left, and finds out (some 50 ms) how well sessions can be kept apart.

        `isolation` settles that instead, for less than the machine has. `keep_spares` spends the memory of one more
        session on each program in use, for the sake of faster starts.
        """
        self._home = home.create()
        self._folders = Folders(home)
        self._cgroups = Cgroups(home)
        self._cgroups.sweep()
        self._folders.sweep()
        self._isolation = isolation or detect(home)
        self._owner = owner(home, self._isolation)
        self.storage_means = attachment.means(self._isolation, self._owner)
        self._network = network or SharedGateway(home, self._isolation)
        self._learned = Preload(home)
        self._make_spare = self._spare if keep_spares else None
        self._families: dict[str, ForkServers] = {}
        self._programs: dict[str, Program] = {}
        self._forgotten: dict[ForkServers, asyncio.Task[None]] = {}
        self._sessions: set[SessionProcess] = set()
        self._endings: set[asyncio.Task[Exit]] = set()
        _raise_descriptor_limit()

    @property
    def level(self) -> Level:
        level = self._isolation.level
        standing = {each.name for each in level.protections if each.active}
        limits = [limit for limit in self._cgroups.protections() if limit.name not in standing]
        instead = {limit.name for limit in limits}
        others = [each for each in level.protections if each.name not in instead]
        storage = attachment.protection(self.storage_means)
        return replace(level, protections=(*others, *limits, storage, self._network.protection))

    @property
    def network_reason(self) -> str:
        """Why sessions have no network of their own here, or empty."""
        return self._network.reason

    def answer_by(self, port: int, serve: Serve) -> None:
        """Let sessions with a network of their own reach the server at its `port`; see `SharedGateway.answer_by`."""
        self._network.answer_by(port, serve)

    @property
    def mounts(self) -> tuple[BindMount, ...]:
        """What of the machine the programs in use see besides their own."""
        return tuple(sorted({mount for family in self._families.values() for mount in family.program.mounts}))

    async def prepare(self, program: Program) -> None:
        """Have the program's warm parent ready. Raises SandboxError when its interpreter does not run."""
        await asyncio.get_running_loop().run_in_executor(None, self._hand_over, program)
        family = await self._kin(program) or self._family(program)
        await family.prepare()
        family.spare(program).due()

    async def start(self, program: Program, spec: SessionSpec) -> SessionProcess:
        """Start a session; returns when its program runs, before it listens. Raises SandboxError."""
        starting = asyncio.get_running_loop().create_task(self._start(program, spec))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._end_unwanted)  # the parent's answer must be heard all the same
            raise

    async def attach(self, session: SessionProcess, storage: Storage) -> int:
        """Let a session that runs see its storage; gives a descriptor of the mount. Raises SandboxError."""
        namespaces = self._isolation.namespaces
        assert namespaces is not None, "without namespaces nothing is mounted"
        namespace = session.mount_namespace()
        try:
            return await asyncio.to_thread(attachment.attach, namespace, storage, namespaces)
        finally:
            os.close(namespace)

    async def forget(self, program_key: str) -> None:
        """No new sessions of the program; those that run go on."""
        family, program = self._families.pop(program_key, None), self._programs.pop(program_key, None)
        if family is None or program is None:
            return
        if not await family.leave(program):
            self._forgotten[family] = asyncio.get_running_loop().create_task(self._retire(family))

    async def close(self) -> None:
        """End every session and every parent."""
        await asyncio.gather(*(family.spare(self._programs[key]).close() for key, family in self._families.items()))
        await asyncio.gather(*(session.stop(CLOSE_GRACE) for session in list(self._sessions)), *self._endings)
        await asyncio.gather(*(family.close() for family in {*self._families.values(), *self._forgotten}))
        await asyncio.gather(*self._forgotten.values())
        self._families.clear()
        await self._network.close()
        self._cgroups.close()
        self._folders.close()

    def _hand_over(self, program: Program) -> None:
        """Let the account of sessions have the code and see the packages. Blocking."""
        give_tree(program.code, self._owner)
        if self._isolation.namespaces is None:
            protect_tree(program.code)
        for folder in (program.code.parent, *program.readable):
            let_in(folder, self._owner)

    async def _retire(self, family: ForkServers) -> None:
        family.release()
        await family.ended()
        del self._forgotten[family]

    async def _kin(self, program: Program) -> ForkServers | None:
        """The parents of another version that have sessions of this one, too, if there are any."""
        if program.key in self._families:
            return None
        for other in reversed(self._programs.values()):
            if other.kin == program.kin and await (family := self._families[other.key]).adopt(program):
                self._families[program.key], self._programs[program.key] = family, program
                return family
        return None

    def _family(self, program: Program) -> ForkServers:
        family = self._families.get(program.key)
        if family is None:
            walls = wall_settings(
                self._home,
                self._isolation,
                program.interpreter,
                program.code,
                self._folders.of_program(program.key),
                program.readable,
                program.mounts,
                program.storage,
            )
            mode = self._network.mode(program.environment)
            walls |= self._network.settings(mode)
            family = ForkServers(self._isolation, walls, program, self._learned, self._make_spare, mode)
            self._families[program.key], self._programs[program.key] = family, program
        return family

    async def _start(self, program: Program, spec: SessionSpec) -> SessionProcess:
        family = self._family(program)  # of now: the program may be forgotten before its session is there
        await asyncio.get_running_loop().run_in_executor(None, self._hand_over, program)
        learner = PreloadProfiler(family.learn) if family.claim_learning() else None
        try:
            with _open_log(spec) as log:
                session = await self._begin(family, program, spec, log, learner)
        except SandboxError:
            if learner is not None:
                learner.give_up()
            raise
        session.served.add_done_callback(lambda _: family.served(program, session.forked))
        return session

    async def _begin(
        self, family: ForkServers, program: Program, spec: SessionSpec, log: int, learner: PreloadProfiler | None
    ) -> SessionProcess:
        """The spare if there is one and it lives, else a session made now."""
        spare = await family.spare(program).take() if spec.limits == Limits() else None
        if spare is not None:
            with contextlib.suppress(SandboxError):
                await spare.begin(spec.environment, log, learner)
                return spare
        session = await self._make(family, program, spec.key, spec.limits)
        await session.begin(spec.environment, log, learner)
        return session

    async def _spare(self, family: ForkServers, program: Program) -> SessionProcess:
        return await self._make(family, program, f"spare-{secrets.token_hex(4)}", Limits())

    async def _make(self, family: ForkServers, program: Program, key: str, limits: Limits) -> SessionProcess:
        """A session up to its gate, where nothing of its program has run and nobody knows whose it is."""
        try:
            surroundings = await SessionResources.create(
                self._folders, self._cgroups, self._isolation, program, family.room, key, limits, self._owner
            )
        except OSError as error:
            raise SandboxError(f"the session could not be prepared: {error}") from error
        try:
            forked, control, gate = await hand_over(family, program, surroundings)
        except SandboxError:
            await asyncio.get_running_loop().run_in_executor(None, surroundings.remove)
            raise
        network = SessionNetwork(self._network, family.mode, program, key)
        session = SessionProcess(surroundings, forked, control, gate, network)
        self._sessions.add(session)
        session.exited.add_done_callback(lambda _: self._sessions.discard(session))
        await session.prepare(self._request(program, surroundings, limits, family.mode))
        return session

    def _end_unwanted(self, starting: asyncio.Task[SessionProcess]) -> None:
        if not starting.cancelled() and starting.exception() is None:
            ending = asyncio.get_running_loop().create_task(starting.result().stop(CLOSE_GRACE))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    def _request(self, program: Program, surroundings: SessionResources, limits: Limits, mode: Mode) -> dict[str, Any]:
        shared = self._isolation.namespaces is not None
        places = SHARED if shared else Places.inside(surroundings.folder)
        return {
            "key": surroundings.key,
            "code": program.code.name,
            "app": places.app,
            "network": mode,
            "environment": {**interpreter_variables(program), "HOME": places.home, "TMPDIR": places.temporary},
            "data_limit": None if surroundings.group.limits_memory else limits.memory,
        }


@contextlib.contextmanager
def _open_log(spec: SessionSpec) -> Iterator[int]:
    """The session's log file, open for as long as it takes to hand it over. Raises SandboxError."""
    try:
        spec.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        log = os.open(spec.log, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SandboxError(f"the session could not be prepared: {error}") from error
    try:
        yield log
    finally:
        os.close(log)


def _raise_descriptor_limit() -> None:
    """A session costs the server some descriptors, and there may be a thousand sessions."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
