"""A trial that waits: whose session it may become, and when it is nobody's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.session_tokens import SessionTokens
from agentcore_cli.local.programs.brokers import Brokers
from agentcore_cli.local.programs.credentials import SessionCredentials
from agentcore_cli.local.sandbox import Exit
from agentcore_cli.local.sessions.health_state import HealthState
from agentcore_cli.local.sessions.session import Session, SessionKey
from agentcore_cli.local.sessions.trials import WAIT_SECONDS, Trials, new_id
from tests.fakes.local_server import ARN, SessionServer, put_code, session_server, version
from tests.fakes.sandbox import ScriptedAgent
from tests.turns import turns
from tests.virtual_time import play

ID = "x" * 33
WAITS = {"localMustStart": "waits"}


@asynccontextmanager
async def running(home: Home) -> AsyncIterator[SessionServer]:
    put_code(home)
    async with session_server(home, ScriptedAgent()) as server:
        await server.sessions.try_out(version(**WAITS), new_id())
        yield server


async def test_it_is_the_first_session_that_is_called_for_and_no_other(home: Home) -> None:
    async with running(home) as server:
        assert server.sessions.records() == []
        session = await server.ask(version(**WAITS), ID)
        assert server.tokens.find(session.token).session_id == ID
        assert len(server.sandbox.started) == 1
        (shown,) = server.sessions.records()
        assert (shown.session_id, shown.invocations, shown.started_at) == (ID, 1, session.started.now)
        assert await server.ask(version(**WAITS), "y" * 33) is not session
        assert len(server.sandbox.started) == 2
        await server.sessions.stop("bot-0123456789", "DEFAULT", ID)
        assert [record.session_id for record in server.sessions.records()] == ["y" * 33, ID]


async def test_its_life_begins_when_it_is_called_for(home: Home) -> None:
    async with running(home) as server:
        await server.advance(600)
        session = await server.ask(version(**WAITS), ID)
        await server.advance(3000)
        assert session.state == "stopped"
        assert session.end_reason == "was idle for 900 s"
        assert session.ended_at is not None
        assert session.ended_at - session.started.now < 3600


async def _another_version(server: SessionServer) -> None:
    assert (await server.ask(version(2), ID)).version.version == "2"


async def _a_new_trial(server: SessionServer) -> None:
    await server.sessions.try_out(version(2, **WAITS), new_id())
    await server.ask(version(**WAITS), ID)
    await server.ask(version(2, **WAITS), "y" * 33)


async def _other_credentials(server: SessionServer) -> None:
    server.credentials.put(ARN, {"AWS_ACCESS_KEY_ID": "new"}, None)
    await server.ask(version(**WAITS), ID)
    assert server.sandbox.started[-1].spec.environment["AWS_ACCESS_KEY_ID"] == "new"


async def _its_end(server: SessionServer) -> None:
    server.sandbox.started[0].exit(Exit(3, None))
    await server.ask(version(**WAITS), ID)


async def _a_fault_of_starts(server: SessionServer) -> None:
    server.faults.arm("slow-start", 1)
    asking = asyncio.create_task(server.ask(version(**WAITS), ID))
    await turns()
    await server.advance(3)
    await asking


@pytest.mark.parametrize(
    "before",
    [_another_version, _a_new_trial, _other_credentials, _its_end, _a_fault_of_starts],
    ids=lambda before: before.__name__,
)
async def test_it_is_nobody_s(home: Home, before: Callable[[SessionServer], Awaitable[None]]) -> None:
    async with running(home) as server:
        await before(server)
        assert len(server.sandbox.started) == (3 if before is _a_new_trial else 2)


async def test_what_a_session_keeps_is_there_before_it_starts(home: Home) -> None:
    storage = {"filesystemConfigurations": [{"sessionStorage": {"mountPath": "/mnt/data"}}]}
    async with running(home) as server:
        await server.sessions.try_out(version(2, **WAITS, **storage), new_id())
        await server.ask(version(2, **WAITS, **storage), ID)
        assert len(server.sandbox.started) == 3


async def test_without_being_asked_to_it_ends_at_once(home: Home) -> None:
    async with running(home) as server:
        await server.sessions.try_out(version(2), new_id())
        await turns()
        assert server.sandbox.started[1].stopped == 1


def test_it_waits_for_so_long_and_then_ends(tmp_path: Path) -> None:
    async def scene() -> None:
        ended: list[str] = []
        credentials, tokens = SessionCredentials("http://127.0.0.1:1", Brokers()), SessionTokens()
        trials = Trials(lambda session: ended.append(session.name), credentials, tokens)
        now = Clock().moment()
        for name in ("s1", "s2"):
            key = SessionKey("bot-0123456789", "DEFAULT", f"trial-{name}")
            trials.succeeded(Session(key, version(**WAITS), name, tmp_path, now, HealthState(0.0), is_trial=True))
        assert ended == ["s1"], "one waits, the newest"
        await asyncio.sleep(WAIT_SECONDS + 0.1)
        assert ended == ["s1", "s2"]
        assert trials.take(version()) is None

    play(scene())
