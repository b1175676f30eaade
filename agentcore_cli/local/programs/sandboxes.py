"""Which sandbox a version's sessions run in: code in process trees, an image in containers."""

from __future__ import annotations

import asyncio

from agentcore_cli.contract import LOCAL_NETWORK
from agentcore_cli.local.containers import Container, ContainerCommand, Containers, ImageProgram
from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.control.settings import RuntimeSettings
from agentcore_cli.local.sandbox import (
    BindMount,
    Command,
    Level,
    Program,
    Sandbox,
    Serve,
    SessionProcess,
    SessionSpec,
    Storage,
    StorageMeans,
)

AnyProgram = Program | ImageProgram
AnyProcess = SessionProcess | Container
AnyCommand = Command | ContainerCommand


class Sandboxes:
    """Both sandboxes as one."""

    def __init__(self, processes: Sandbox, containers: Containers) -> None:
        self._processes = processes
        self._containers = containers

    @property
    def level(self) -> Level:
        """How well sessions of code are kept apart on this machine."""
        return self._processes.level

    @property
    def mounts(self) -> tuple[BindMount, ...]:
        """What of this machine the programs in use see besides their own."""
        return self._processes.mounts

    def level_of(self, program: AnyProgram | None) -> Level:
        """The same for the sessions of one program; None when it is not known yet."""
        return program.level if isinstance(program, ImageProgram) else self.level

    async def image_program(self, key: str, settings: RuntimeSettings, environment: dict[str, str]) -> ImageProgram:
        """The program of a version whose artifact is an image. Raises ArtifactError."""
        if environment.get(LOCAL_NETWORK) == "none":
            raise ArtifactError(
                "a container has a network of its own with a way out: `network: none` is for code alone"
            )
        return await self._containers.program(key, settings, environment)

    def answer_by(self, port: int, serve: Serve) -> None:
        """Let sessions of code whose loopback is their own reach the server there; see `Network.answer_by`."""
        self._processes.answer_by(port, serve)

    async def prepare(self, program: AnyProgram) -> None:
        """Have ready what makes sessions start fast. Raises SandboxError."""
        if isinstance(program, Program):
            await self._processes.prepare(program)

    async def start(self, program: AnyProgram, spec: SessionSpec) -> AnyProcess:
        """Start a session. Raises SandboxError."""
        if isinstance(program, Program):
            return await self._processes.start(program, spec)
        return await self._containers.start(program, spec)

    def storage_means(self, program: AnyProgram) -> StorageMeans:
        """How the storage of its sessions is kept."""
        return program.storage_means if isinstance(program, ImageProgram) else self._processes.storage_means

    async def attach(self, process: AnyProcess, storage: Storage) -> int:
        """Let a session that runs see its storage; gives a descriptor of the mount. Raises SandboxError."""
        if isinstance(process, SessionProcess):
            return await self._processes.attach(process, storage)
        return await self._containers.attach(process, storage)

    async def forget(self, program_key: str) -> None:
        """No new sessions of the program; those that run go on."""
        await self._processes.forget(program_key)

    async def sweep(self) -> None:
        """Remove the containers that a killed server has left; the processes' sandbox has done its part when made."""
        await self._containers.sweep()

    async def close(self) -> None:
        """End every session."""
        await asyncio.gather(self._processes.close(), self._containers.close())
