"""A version that is about to be made: its trial begins before it is, and counts for that version alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.home import Home
from agentcore_cli.local.programs.programs import program_key
from agentcore_cli.local.sandbox import Exit
from agentcore_cli.local.sessions.foreseen import ForeseenVersions
from tests.fakes.local_server import SessionServer, put_code, session_server, version
from tests.fakes.sandbox import ScriptedAgent
from tests.long_cases import always
from tests.turns import turns

ID = "x" * 33
WAITS = {"localMustStart": "waits"}
FIRST, OTHER = version(2, **WAITS), version(2, code="b", **WAITS)


@asynccontextmanager
async def running(home: Home, agent: ScriptedAgent | None = None) -> AsyncIterator[SessionServer]:
    put_code(home)
    put_code(home, "b")
    async with session_server(home, agent or ScriptedAgent()) as server:
        await server.deployments.prepare(version())
        yield server


async def until(it_is_so: Callable[[], bool]) -> None:
    """Code is unpacked and removed in threads, whose turns are not known."""
    async with asyncio.timeout(30):
        while not it_is_so():
            await turns()


async def started(server: SessionServer, count: int) -> None:
    await until(lambda: len(server.sandbox.started) == count)
    await turns()


async def test_the_version_that_comes_is_not_tried_out_again(home: Home) -> None:
    async with running(home) as server:
        server.deployments.foresee(FIRST)
        server.deployments.foresee(version(2, **WAITS))
        await started(server, 1)
        await server.ask(version(), ID)
        assert len(server.sandbox.started) == 2, "whoever calls meanwhile has the version that is there"
        await server.deployments.prepare(version(2, **WAITS))
        await turns()
        assert server.sandbox.forgotten == [program_key(version())]
        assert (await server.ask(FIRST, "y" * 33)).process is server.sandbox.started[0]


async def test_it_may_come_before_its_trial_has_begun(home: Home) -> None:
    async with running(home) as server:
        server.deployments.foresee(FIRST)
        await server.deployments.prepare(FIRST)
        await server.ask(FIRST, ID)
        assert len(server.sandbox.started) == 1


async def _comes(server: SessionServer) -> None:
    await server.deployments.prepare(OTHER)


async def _is_foreseen_and_comes(server: SessionServer) -> None:
    server.deployments.foresee(OTHER)
    await turns()
    await server.deployments.prepare(OTHER)


async def _comes_without_a_trial(server: SessionServer) -> None:
    await server.deployments.prepare(version(2, code="b"))


@pytest.mark.parametrize("other", [_comes, _is_foreseen_and_comes, _comes_without_a_trial], ids=lambda it: it.__name__)
@pytest.mark.parametrize("is_at_once", always(True, of=[True, False]))
async def test_another_version_leaves_nothing_of_it(
    home: Home, other: Callable[[SessionServer], Awaitable[None]], is_at_once: bool
) -> None:
    async with running(home) as server:
        server.deployments.foresee(FIRST)
        if not is_at_once:
            await started(server, 1)
        await other(server)
        await turns()
        await until(lambda: [path.name[0] for path in home.snapshots.glob("*/[!.]*")] == ["b"])
        unwanted = program_key(FIRST)
        assert server.sandbox.prepared.count(unwanted) == server.sandbox.forgotten.count(unwanted)
        session = await server.ask(version(2, code="b", **({} if other is _comes_without_a_trial else WAITS)), ID)
        assert session.program is not None
        assert session.program.key == program_key(session.version)
        assert [record.session_id for record in server.sessions.records()] == [ID]
        assert [it.stopped for it in server.sandbox.started if it is not session.process] in ([], [1])


async def test_one_that_does_not_start_is_told_when_it_comes(home: Home) -> None:
    async with running(home, ScriptedAgent(silent=True)) as server:
        server.deployments.foresee(FIRST)
        await started(server, 1)
        server.sandbox.started[0].exit(Exit(3, None))
        await turns()
        with pytest.raises(ArtifactError, match="does not start: Runtime exited with status 3"):
            await server.deployments.prepare(FIRST)
        assert len(server.sandbox.started) == 1
        assert program_key(FIRST) in server.sandbox.forgotten


async def test_one_that_never_comes_is_given_up(home: Home) -> None:
    async with running(home) as server:
        foreseen = ForeseenVersions(server.programs, server.sessions, wait_seconds=0.2)
        foreseen.begin(FIRST)
        await until(lambda: server.sandbox.forgotten == [program_key(FIRST)])
        assert [it.stopped for it in server.sandbox.started] in ([], [1])
        assert not await foreseen.take(FIRST)


async def test_the_end_of_its_runtime_is_its_end(home: Home) -> None:
    async with running(home) as server:
        server.deployments.foresee(FIRST)
        await started(server, 1)
        await server.deployments.retire_runtime("bot-0123456789")
        assert server.sandbox.started[0].stopped == 1
        assert set(server.sandbox.forgotten) == {program_key(FIRST), program_key(version())}


async def test_what_sessions_keep_is_there_before_they_start(home: Home) -> None:
    storage = {"filesystemConfigurations": [{"sessionStorage": {"mountPath": "/mnt/data"}}]}
    async with running(home) as server:
        server.deployments.foresee(version(2, **WAITS, **storage))
        await turns()
        assert server.sandbox.prepared == [program_key(version())]
