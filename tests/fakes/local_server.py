"""The session machinery of the local server in one event loop: fake sandbox, real clock, ledger, programs and pings."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import Resolved, RuntimeSettings
from agentcore_cli.local.faults import Faults
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.proxy import ProxiedExchange, RequestBody
from agentcore_cli.local.http.session_tokens import SessionTokens
from agentcore_cli.local.programs.brokers import Brokers
from agentcore_cli.local.programs.credentials import SessionCredentials
from agentcore_cli.local.programs.programs import Programs
from agentcore_cli.local.sessions.deployments import Deployments
from agentcore_cli.local.sessions.ledger import SessionLedger
from agentcore_cli.local.sessions.session import Session
from agentcore_cli.local.sessions.sessions import LiveSessions
from tests.fakes.sandbox import FakeSandbox, ScriptedAgent
from tests.turns import turns

ARN = "arn:aws:bedrock-agentcore:us-west-2:000000000000:runtime/bot-0123456789"


def version(number: int = 1, endpoint: str = "DEFAULT", **settings: Any) -> Resolved:
    """A version of the runtime `bot-0123456789` whose code is `code` (a letter) in the store."""
    code = settings.pop("code", "a")
    body = {
        "agentRuntimeArtifact": {
            "codeConfiguration": {
                "code": {"s3": {"bucket": "agentcore-local", "prefix": f"{code * 64}.zip"}},
                "runtime": "PYTHON_3_11",
                "entryPoint": ["main.py"],
            }
        },
        "lifecycleConfiguration": {"idleRuntimeSessionTimeout": 900, "maxLifetime": 3600},
    }
    return Resolved("bot-0123456789", ARN, endpoint, str(number), RuntimeSettings.of(body | settings))


def put_code(home: Home, code: str = "a") -> None:
    with zipfile.ZipFile(home.artifacts / f"{code * 64}.zip", "w") as archive:
        archive.writestr("main.py", "print()")


@dataclass
class SessionServer:
    """All that a session needs, running; `ask` is one call to it, as the data plane makes it."""

    home: Home
    agent: ScriptedAgent
    sandbox: FakeSandbox
    clock: Clock = field(default_factory=Clock)
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.ledger = SessionLedger(self.home)
        self.programs = Programs(self.home, self.sandbox)  # type: ignore[arg-type]
        self.credentials = SessionCredentials("http://127.0.0.1:1", Brokers())
        self.tokens = SessionTokens()
        self.sessions = LiveSessions(
            self.home,
            self.sandbox,  # type: ignore[arg-type]
            self.programs,
            self.credentials,
            self.tokens,
            self.ledger,
            self.clock,
            self.faults,
        )
        self.deployments = Deployments(self.programs, self.sessions, self.credentials)

    async def ask(self, resolved: Resolved, session_id: str, body: bytes = b"{}") -> Session:
        """Enter the session and make one whole request of it."""
        session = await self.sessions.enter(resolved, session_id)
        assert session.pool is not None
        exchange = ProxiedExchange(session.pool, RequestBody(Body(body), len(body)), lambda: None)
        self.sessions.begin(session, exchange)
        try:
            head = await exchange.ask(
                lambda length: b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (length or 0), None
            )
            await exchange.answer(head, lambda _: [], Caller())
        finally:
            exchange.close()
            self.sessions.finish(session, exchange)
        return session

    async def begin_to_ask(self, resolved: Resolved, session_id: str) -> asyncio.Task[Session]:
        """The same, when its session's process has begun: the code is unpacked in a thread, whose turn is not known."""
        asking = asyncio.create_task(self.ask(resolved, session_id))
        before = len(self.sandbox.started)
        while len(self.sandbox.started) == before and not asking.done():
            await turns()
        await turns()
        return asking

    async def advance(self, seconds: float) -> None:
        """Move the clock and let everything that follows from it happen."""
        self.clock.advance(seconds)
        await turns()


@asynccontextmanager
async def session_server(home: Home, agent: ScriptedAgent, clock: Clock | None = None) -> AsyncIterator[SessionServer]:
    """A running SessionServer; its sessions end with the block."""
    server = SessionServer(home, agent, FakeSandbox(home.sockets, agent), clock or Clock())
    server.sessions.open()
    try:
        yield server
    finally:
        await server.sessions.close()
        server.ledger.close()


class Body:
    """An ASGI `receive` that gives pieces of a body, then that the caller has gone."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    async def __call__(self) -> dict[str, Any]:
        if not self._pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": self._pieces.pop(0), "more_body": bool(self._pieces)}


class Caller:
    """An ASGI `send` that keeps what it gets."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.complete = False

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            self.body += message["body"]
            self.complete = not message["more_body"]


def _head(length: int | None) -> bytes:
    return b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (length or 0)
