"""The server process: what is made of what, what happens when it starts, and what when it ends.

It starts by opening its database, closing the account of a predecessor that was killed, and listening on loopback;
`server.json` appears last and says that it answers. It ends on SIGTERM, on request, or when no runtime is left:
`server.json` disappears first, so that nobody comes any more, then the sessions end, then the rest. A lock held for
life keeps a second server out of the same home, however it was started.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import logging.handlers
import os
import secrets
import signal
import socket
import string
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import uvloop

from agentcore_cli import __version__
from agentcore_cli.contract import LOCAL_KEY_PREFIX, LOCAL_REGION
from agentcore_cli.errors import AgentcoreError, ConflictError
from agentcore_cli.files import lock, write_atomically
from agentcore_cli.local.access.guard import AccessGuard
from agentcore_cli.local.access.signatures import Signatures
from agentcore_cli.local.admin_api import AdminApi
from agentcore_cli.local.application import Application
from agentcore_cli.local.clock import Clock
from agentcore_cli.local.containers import Containers
from agentcore_cli.local.control import ControlPlane
from agentcore_cli.local.daemon import HOST, LINGER_SECONDS, UNUSED_SECONDS, process_started
from agentcore_cli.local.data_plane.plane import DataPlaneServer
from agentcore_cli.local.extraction.extractions import Extractions
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.serving import BACKLOG, HttpServer
from agentcore_cli.local.http.session_tokens import SessionTokens
from agentcore_cli.local.memory.service import PROGRAM, MemoryService
from agentcore_cli.local.page import PageEntrance
from agentcore_cli.local.programs.brokers import Brokers
from agentcore_cli.local.programs.credentials import SessionCredentials
from agentcore_cli.local.programs.programs import Programs
from agentcore_cli.local.programs.sandboxes import Sandboxes
from agentcore_cli.local.protocol import NUMBER, ServerFile
from agentcore_cli.local.sandbox import Sandbox
from agentcore_cli.local.sandbox.worker import loopback
from agentcore_cli.local.sessions.deployments import Deployments
from agentcore_cli.local.sessions.ledger import SessionLedger
from agentcore_cli.local.sessions.sessions import LiveSessions
from agentcore_cli.local.sessions.transcripts import Transcripts
from agentcore_cli.local.store import Database
from agentcore_cli.local.storing.process import StoringProcess
from agentcore_cli.local.traces.intake import TraceIntake
from agentcore_cli.signature import SigningKey

DEFAULT_PORT: Final = 8757
LOOK_SECONDS: Final = 0.5  # how often it looks whether it is still needed
PREDECESSOR_SECONDS: Final = 20.0  # how long the server before this one may take to end
LOG_BYTES: Final = 4 * 1024 * 1024

_log = logging.getLogger(__name__)


def run(home: Home, *, ready: Callable[[], None]) -> int:
    """Serve until told to end; `ready` is called once requests are answered. Gives the exit code."""
    _open_log(home)
    try:
        with only_one(home):
            uvloop.run(_serve(home, ready))
    except AgentcoreError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    except Exception:
        _log.exception("the local runtime failed")
        return 1
    return 0


@contextlib.contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Be the only server of this home; one that is just ending is waited for. Raises ConflictError."""
    deadline = time.monotonic() + PREDECESSOR_SECONDS
    with contextlib.ExitStack() as held:
        while True:
            try:
                held.enter_context(lock(home.root / "server.lock", purpose="local runtime"))
                break
            except ConflictError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_SECONDS / 10)
        yield


async def _serve(home: Home, ready: Callable[[], None]) -> None:
    with listen() as listener:
        await LocalServer(home, listener).serve(ready)


class LocalServer:
    """Everything that lives as long as the server does."""

    def __init__(self, home: Home, listener: socket.socket) -> None:
        self._home = home
        self._listener = listener
        self._port: int = listener.getsockname()[1]
        self._key = new_key()
        self._ending = asyncio.Event()
        clock, faults = Clock(), Faults()
        self._credentials, tokens = SessionCredentials(self.url, Brokers()), SessionTokens()
        self._sandbox = Sandboxes(Sandbox(home, keep_spares=True), Containers(home))
        self._ledger = SessionLedger(home)
        self._store = Database(home.database)
        programs = Programs(home, self._sandbox)
        self._sessions = LiveSessions(
            home, self._sandbox, programs, self._credentials, tokens, self._ledger, clock, faults
        )
        self._deployments = Deployments(programs, self._sessions, self._credentials)
        self._control = ControlPlane(
            self._store, clock, faults, self._deployments, LOCAL_REGION, artifacts=home.artifacts
        )
        self._traces = TraceIntake(home.traces, clock)
        self._page = PageEntrance(self._port, home.invitations)
        transcripts = Transcripts(clock)
        told = (self._sessions, self._control, self._sandbox, self._credentials, self._traces, transcripts, self._page)
        extension = AdminApi(*told, clock, faults, self.end)
        data_plane = DataPlaneServer(self._control, self._sessions, self._traces, transcripts, clock, faults)
        guard = AccessGuard(self._port, Signatures(self._key, clock, str(home.root)), tokens)
        memories = StoringProcess(PROGRAM, home.memories)
        self._extractions = Extractions(memories, self._control, programs, self._sandbox, home, clock)
        memories.owes = self._extractions.due
        self._memory = MemoryService(memories, self._control, clock, faults)
        planes = (data_plane, self._control, self._memory, self._traces, extension)
        self._http = HttpServer(Application(guard, *planes, self._credentials, self._page))
        self._sandbox.answer_by(self._port, self._http.serve_besides)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def end(self) -> None:
        """Begin to end, soon."""
        self._ending.set()

    async def serve(self, ready: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.end)
        await self._sandbox.sweep()
        self._sessions.open()
        await self._control.recover()
        serving = asyncio.create_task(self._http.serve([self._listener]))
        needed = asyncio.create_task(self._end_when_not_needed())
        self._write_server_file()
        ready()
        _log.info("serving at %s", self.url)
        try:
            await self._ending.wait()
        finally:
            needed.cancel()
            await self._close(serving)

    async def _close(self, serving: asyncio.Task[None]) -> None:
        self._home.server_file.unlink(missing_ok=True)
        self._page.close()
        await self._control.close()
        await self._sessions.close()
        await self._extractions.close()
        await self._sandbox.close()
        await self._credentials.close()
        await self._memory.close()
        await self._traces.close()
        self._http.should_exit = True
        await serving
        self._store.close()
        self._ledger.close()
        _log.info("ended")

    async def _end_when_not_needed(self) -> None:
        """End soon after the last runtime has gone, and some time after nobody made one."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            gone_at = self._deployments.retired_at
            linger = UNUSED_SECONDS if gone_at is None else LINGER_SECONDS
            unasked = time.time() - max(gone_at or 0.0, self._asked_for_at()) > linger
            used_at = self._memory.used_at
            unused = used_at <= (gone_at or 0.0) or time.time() - used_at > UNUSED_SECONDS
            if not self._control.runtimes() and unasked and unused:
                self.end()

    def _asked_for_at(self) -> float:
        """When a command last made sure that the server runs (`daemon.ensure_running` touches the file)."""
        with contextlib.suppress(FileNotFoundError):
            return self._home.server_file.stat().st_mtime
        return 0.0

    def _write_server_file(self) -> None:
        told = ServerFile(
            url=self.url,
            host=HOST,
            port=self._port,
            pid=os.getpid(),
            started=process_started(os.getpid()),
            version=__version__,
            protocol=NUMBER,
            access_key=self._key.id,
            secret_key=self._key.secret,
        )
        write_atomically(self._home.server_file, msgspec.json.encode(told).decode(), mode=0o600)


def listen() -> socket.socket:
    """Listen on loopback, on the default port or, where that is taken, on a free one."""
    try:
        return loopback.listen(DEFAULT_PORT, BACKLOG)
    except OSError:
        return loopback.listen(0, BACKLOG)


def new_key() -> SigningKey:
    """A random access key in AWS's form: an id of 20 capital letters and digits, a secret of 40 characters."""
    alphabet = string.ascii_uppercase + "234567"
    return SigningKey(
        LOCAL_KEY_PREFIX + "".join(secrets.choice(alphabet) for _ in range(16)), secrets.token_urlsafe(30)
    )


def _open_log(home: Home) -> None:
    """server.log keeps its last few megabytes. Uvicorn's own complaints are about answers that we cut on purpose."""
    handler = logging.handlers.RotatingFileHandler(home.server_log, maxBytes=LOG_BYTES, backupCount=1)
    logging.basicConfig(level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
