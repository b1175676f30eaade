"""Sessions in containers, for a server that runs on asyncio: the counterpart of `sandbox.Sandbox`."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import re
import secrets
from typing import Any, Final

import msgspec

from agentcore_cli.files import write_atomically
from agentcore_cli.local.containers import images
from agentcore_cli.local.containers.container import Container, remove
from agentcore_cli.local.containers.engine import Engine, EngineError
from agentcore_cli.local.containers.guardian import Guardian
from agentcore_cli.local.containers.program import ImageProgram
from agentcore_cli.local.containers.relays import CREDENTIALS, CREDENTIALS_HOST, Relays
from agentcore_cli.local.containers.specification import LABEL_HOME, LABEL_SERVER, Place, container, variables
from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.control.settings import RuntimeSettings
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.upstream import UpstreamLost
from agentcore_cli.local.sandbox import SandboxError, SessionSpec, Storage, attachment

CLOSE_GRACE: Final = 1.0  # seconds that agents get when everything ends
CLEAR_SECONDS: Final = 20.0  # how long it may take to remove what is left

CREDENTIALS_NETWORK: Final = "agentcore-credentials"
CREDENTIALS_SUBNET: Final = "169.254.170.0/24"

_NO_INIT: Final = re.compile(r"(docker|container)-init")  # Docker's words, and Podman's

_log = logging.getLogger(__name__)


class Containers:
    """One container per session. No engine is looked for before there is an image to run.

    A file names every engine that may have something of ours: the next server sweeps there, and only there.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._record = home.root / "containers"
        self._id = hashlib.sha256(str(home.root).encode()).hexdigest()[:12]
        self._server = secrets.token_hex(8)
        self._guardian = Guardian()
        self._sessions: set[Container] = set()
        self._endings: set[asyncio.Task[Any]] = set()
        self._opening = asyncio.Lock()
        self._engine: Engine | None = None
        self._processors = 1
        self._has_init = True
        self._filters = True
        self._relays = Relays(None)

    @property
    def network(self) -> str:
        return f"agentcore-{self._id}"

    async def program(self, key: str, settings: RuntimeSettings, environment: dict[str, str]) -> ImageProgram:
        """A version's image, ready to run. Raises ArtifactError with the reason why it can't run here."""
        try:
            return await images.program(Engine.of_environment(), key, settings, environment)
        except EngineError as error:
            raise ArtifactError(error.message) from error

    async def sweep(self) -> None:
        """Remove what a killed server has left. An engine that does not answer is asked again by the next server."""
        for address in self._recorded():
            await self._try_to_clear(Engine(address))

    async def start(self, program: ImageProgram, spec: SessionSpec) -> Container:
        """Start a session; returns when its container runs, before its agent listens. Raises SandboxError."""
        starting = asyncio.create_task(self._start(program, spec))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(self._end_unwanted)
            raise

    async def attach(self, session: Container, storage: Storage) -> int:
        """Let a session that runs see its storage; gives a descriptor of the mount. Raises SandboxError."""
        namespace = await asyncio.to_thread(session.mount_namespace)
        try:
            return await asyncio.to_thread(attachment.attach, namespace, storage, "root")
        finally:
            os.close(namespace)

    async def close(self) -> None:
        """End every session, and leave nothing in the engine."""
        ends = (session.stop(CLOSE_GRACE) for session in list(self._sessions))
        await asyncio.gather(*ends, *self._endings, return_exceptions=True)
        self._relays.close()
        if self._engine is not None:
            await self._try_to_clear(self._engine)
        await self._guardian.dismiss()

    async def _start(self, program: ImageProgram, spec: SessionSpec) -> Container:
        """Some installations of engines come without the init that they offer: then the agent is the first process.

        Podman takes no list of system calls by its API, and a kernel may have no filters.
        """
        try:
            return await self._run(program, spec)
        except SandboxError as error:
            if self._has_init and _NO_INIT.search(error.message):
                _log.warning("sessions have no init of the engine's, so they ignore some signals: %s", error.message)
                self._has_init = False
            elif self._filters and spec.storage and "seccomp" in error.message:
                _log.warning("session storage in containers has hard links and attributes: %s", error.message)
                self._filters = False
            else:
                raise
        return await self._start(program, spec)

    async def _run(self, program: ImageProgram, spec: SessionSpec) -> Container:
        try:
            engine = await self._open()
            session = await self._create(engine, program, spec)
        except EngineError as error:
            raise SandboxError(f"the container could not be created: {error.message}") from error
        try:
            await session.begin(program.port, spec.log)
        except (EngineError, UpstreamLost, OSError) as error:
            with contextlib.suppress(SandboxError):
                await session.stop(grace=0)
            raise SandboxError(f"the container could not be started: {error}") from error
        return session

    async def _create(self, engine: Engine, program: ImageProgram, spec: SessionSpec) -> Container:
        given = variables(program, spec)
        if CREDENTIALS in given:
            await self._make_credentials_network(engine)
        environment = await self._relays.reach(given)
        place = Place(
            self._id, self._server, self.network, self._processors, self._relays.host, self._has_init, self._filters
        )
        body = container(program, spec, environment, place)
        name = {"name": f"agentcore-{self._id}-{spec.key}"}
        made = await engine.ask("POST", "/containers/create", name | {"platform": images.PLATFORM}, body)
        session = Container(engine, made["Id"], f"a container, {program.level.reason}")
        self._sessions.add(session)
        session.exited.add_done_callback(lambda _: self._sessions.discard(session))
        if CREDENTIALS in given:
            await self._join_credentials_network(engine, session)
        return session

    def _end_unwanted(self, starting: asyncio.Task[Container]) -> None:
        if not starting.cancelled() and starting.exception() is None:
            ending = asyncio.create_task(starting.result().stop(CLOSE_GRACE))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)

    async def _open(self) -> Engine:
        """The engine, with our network in it."""
        async with self._opening:
            if self._engine is None:
                engine = Engine.of_environment()
                self._write_record({*self._recorded(), engine.address})
                self._processors = (await engine.ask("GET", "/info"))["NCPU"]
                self._relays = Relays(await self._make_network(engine))
                await self._guardian.watch(engine, f"{LABEL_SERVER}={self._server}")
                self._engine = engine
        return self._engine

    async def _make_network(self, engine: Engine) -> str | None:
        """The network that keeps sessions apart; gives the address of this machine on it, if the engine tells."""
        await _make_bridge(engine, self.network, Labels={LABEL_HOME: self._id})
        shown = await engine.ask("GET", f"/networks/{self.network}")
        return next((config["Gateway"] for config in shown["IPAM"]["Config"] if config.get("Gateway")), None)

    async def _make_credentials_network(self, engine: Engine) -> None:
        """One for all homes, as one network alone can have its address."""
        addresses = {"Subnet": CREDENTIALS_SUBNET, "Gateway": CREDENTIALS_HOST}
        # no way out: that is the other network's
        await _make_bridge(engine, CREDENTIALS_NETWORK, Internal=True, IPAM={"Config": [addresses]})

    async def _join_credentials_network(self, engine: Engine, session: Container) -> None:
        """Raises EngineError; then nothing is left of the session."""
        try:
            await engine.ask("POST", f"/networks/{CREDENTIALS_NETWORK}/connect", body={"Container": session.id})
        except EngineError:
            await session.stop(grace=0)
            raise

    async def _try_to_clear(self, engine: Engine) -> None:
        try:
            async with asyncio.timeout(CLEAR_SECONDS):
                await self._clear(engine)
        except (EngineError, TimeoutError) as error:
            _log.warning("containers at %s are left to the next server: %s", engine.address, error)

    async def _clear(self, engine: Engine) -> None:
        """Remove every container and network of this home. Raises EngineError."""
        ours = {"filters": msgspec.json.encode({"label": [f"{LABEL_HOME}={self._id}"]}).decode()}
        found = await engine.ask("GET", "/containers/json", {"all": 1, **ours})
        await asyncio.gather(*(remove(engine, left["Id"]) for left in found))
        for network in await engine.ask("GET", "/networks", ours):
            await engine.ask("DELETE", f"/networks/{network['Id']}")
        with contextlib.suppress(EngineError):  # not there, or another home's sessions are on it
            await engine.ask("DELETE", f"/networks/{CREDENTIALS_NETWORK}")
        self._write_record({*self._recorded()} - {engine.address})

    def _recorded(self) -> list[str]:
        return self._record.read_text().split() if self._record.exists() else []

    def _write_record(self, addresses: set[str]) -> None:
        if addresses:
            write_atomically(self._record, "".join(f"{address}\n" for address in sorted(addresses)), mode=0o600)
        else:
            self._record.unlink(missing_ok=True)


async def _make_bridge(engine: Engine, name: str, **options: object) -> None:
    """A network that keeps its containers apart; it may be there already. Raises EngineError."""
    body = {
        "Name": name,
        "Driver": "bridge",
        "Options": {"com.docker.network.bridge.enable_icc": "false"},
        "CheckDuplicate": True,
        **options,
    }
    try:
        await engine.ask("POST", "/networks/create", body=body)
    except EngineError as error:
        if error.status != 409:
            raise
