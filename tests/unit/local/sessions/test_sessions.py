"""How sessions start and end, with a sandbox that starts no process."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agentcore_cli.local.clock import Clock
from agentcore_cli.local.control import ArtifactError
from agentcore_cli.local.home import Home
from agentcore_cli.local.http.proxy import AgentLost
from agentcore_cli.local.http.session_tokens import TokenGrant
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.programs.programs import program_key
from agentcore_cli.local.protocol import SessionRecord
from agentcore_cli.local.sandbox import Exit, Program, SessionSpec
from agentcore_cli.local.sessions.health_state import HealthState
from agentcore_cli.local.sessions.ledger import SessionLedger
from agentcore_cli.local.sessions.sessions import BEGUN_MAX
from agentcore_cli.local.sessions.trials import new_id
from agentcore_cli.local.store import Database
from tests.fakes.local_server import ARN, SessionServer, put_code, session_server, version
from tests.fakes.machine_time import MachineTime
from tests.fakes.sandbox import FakeProcess, FakeSandbox, ScriptedAgent
from tests.long_cases import always
from tests.turns import turns

ID = "x" * 33


@asynccontextmanager
async def running(home: Home, clock: Clock | None = None, **agent: Any) -> AsyncIterator[SessionServer]:
    put_code(home)
    async with session_server(home, ScriptedAgent(**agent), clock) as server:
        yield server


def records(server: SessionServer) -> list[tuple[str, str | None]]:
    return [(record.state, record.end_reason) for record in server.sessions.records()]


async def test_one_session_for_many_calls(home: Home) -> None:
    async with running(home) as server:
        for _ in range(3):
            session = await server.ask(version(), ID)
        assert (session.state, session.invocations) == ("idle", 3)
        assert len(server.sandbox.started) == 1
        assert server.sandbox.started[0].answers_seen == 0  # the data plane tells


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((version(), "y" * 33), id="another id"),
        pytest.param((version(endpoint="beta"), ID), id="another endpoint"),
    ],
)
async def test_another_key_is_another_session(home: Home, other: Any) -> None:
    async with running(home) as server:
        assert await server.ask(version(), ID) is not await server.ask(*other)


async def test_sessions_call_for_so_many_others_and_their_user_for_any(home: Home) -> None:
    """Else one that calls itself, under ever new ids, fills the machine."""
    async with running(home) as server:
        mine, theirs = (TokenGrant(runtime, ARN, lambda fault: None) for runtime in ("mine", "theirs"))
        for number in range(BEGUN_MAX):
            await server.sessions.enter(version(), f"{number:033}", by=mine)
        with pytest.raises(ServiceFault, match=f"called for {BEGUN_MAX} sessions") as refused:
            await server.sessions.enter(version(), ID, by=mine)
        assert refused.value.status == 402
        assert await server.sessions.enter(version(), f"{0:033}", by=mine)  # it is there
        assert await server.sessions.enter(version(), "y" * 33, by=theirs)
        assert await server.sessions.enter(version(), "z" * 33)
        await server.sessions.stop("bot-0123456789", "DEFAULT", f"{0:033}")
        assert await server.sessions.enter(version(), ID, by=mine)


async def test_who_comes_while_it_starts_comes_again(home: Home) -> None:
    async with running(home) as server:
        server.faults.arm("slow-start", 1)
        first = asyncio.ensure_future(server.ask(version(), ID))
        await turns()
        with pytest.raises(ServiceFault, match="Session operation in progress") as refused:
            await server.ask(version(), ID)
        assert refused.value.status == 409
        await server.advance(3)
        assert (await first).invocations == 1


async def test_an_exit_is_noticed_at_once(home: Home) -> None:
    async with running(home) as server:
        await server.ask(version(), ID)
        server.sandbox.started[0].exit(Exit(3, None))
        await turns()
        assert records(server) == [("stopped", "the agent exited with status 3")]
        assert (await server.ask(version(), ID)).invocations == 1
        assert server.sandbox.started[0].stopped == 1


async def test_an_exit_before_it_serves(home: Home) -> None:
    async with running(home, ping_status=503) as server:
        call = await server.begin_to_ask(version(), ID)
        server.sandbox.started[0].exit(Exit(1, None))
        with pytest.raises(ServiceFault, match="Runtime exited with status 1 before it served a request") as refused:
            await call
        assert refused.value.status == 424
        assert records(server) == [("stopped", "Runtime exited with status 1 before it served a request.")]


async def test_a_start_that_takes_too_long(home: Home) -> None:
    async with running(home, MachineTime().clock, silent=True) as server:
        call = await server.begin_to_ask(version(), ID)
        await server.advance(119)
        assert not call.done()
        await server.advance(1)
        with pytest.raises(ServiceFault, match="Runtime initialization time exceeded"):
            await call


@pytest.mark.parametrize(("status", "told"), [(503, " The server answers 503 to GET /ping"), (None, "in 120s.$")])
async def test_a_start_that_took_too_long_says_what_was_seen(home: Home, status: int | None, told: str) -> None:
    async with running(home, MachineTime().clock, ping_status=status or 200, silent=status is None) as server:
        call = await server.begin_to_ask(version(), ID)
        while status is not None and server.agent.pings < 2 and not call.done():
            await server.advance(0.1)
        await server.advance(121)
        with pytest.raises(ServiceFault, match=f"Runtime initialization time exceeded.*{told}"):
            await call


async def test_a_session_that_is_no_longer_wanted_while_it_starts(home: Home) -> None:
    async with running(home, silent=True) as server:
        call = await server.begin_to_ask(version(), ID)
        await server.deployments.retire_runtime("bot-0123456789")
        with pytest.raises(ServiceFault, match="the runtime was deleted"):
            await call
        assert server.sandbox.forgotten == [program_key(version(1))]
        assert list(home.snapshots.iterdir()) == []


async def test_a_version_that_cannot_run(home: Home) -> None:
    async with running(home) as server:
        with pytest.raises(ArtifactError):
            await server.deployments.prepare(version(code="b"))
        with pytest.raises(ServiceFault) as refused:
            await server.ask(version(code="b"), ID)
        assert refused.value.status == 424
        assert server.sessions.count() == 0


async def test_quiet_sessions_are_pinged_ever_more_rarely(home: Home) -> None:
    async with running(home) as server:
        await server.ask(version(), ID)
        for _ in range(850):
            server.clock.advance(1)
            await asyncio.sleep(0)
        await turns()
        assert 3 < server.agent.pings < 60


async def test_busy_sessions_are_pinged_every_two_seconds(home: Home) -> None:
    async with running(home, status="HealthyBusy") as server:
        await server.ask(version(), ID)
        await server.advance(2)
        before = server.agent.pings
        for _ in range(10):
            await server.advance(2)
        assert server.agent.pings - before == 10
        assert records(server) == [("active", None)]


async def test_a_ping_comes_before_the_idle_verdict(home: Home) -> None:
    """It has become busy since the last look, however long ago that was."""
    async with running(home) as server:
        await server.ask(version(), ID)
        server.agent.status = "HealthyBusy"
        await server.advance(1000)
        assert records(server) == [("active", None)]


async def test_an_idle_session_drowses_until_the_next_call(home: Home) -> None:
    async with running(home) as server:
        await server.ask(version(), ID)
        process = server.sandbox.started[0]
        await server.advance(3)
        assert not process.drowsy
        await server.advance(6)
        assert process.drowsy
        await server.ask(version(), ID)
        assert not process.drowsy


async def test_a_busy_session_does_not_drowse(home: Home) -> None:
    async with running(home, status="HealthyBusy") as server:
        await server.ask(version(), ID)
        for _ in range(10):
            await server.advance(2)
        assert not server.sandbox.started[0].drowsy


async def test_a_request_without_end_is_cut(home: Home) -> None:
    async with running(home) as server:
        await server.ask(version(), ID)
        server.agent.silent = True
        call = asyncio.ensure_future(server.ask(version(), ID))
        await turns()
        server.faults.arm("ping-dead", 1)
        await server.advance(901)
        with pytest.raises(AgentLost):
            await call


HOSTILE_PINGS = [
    pytest.param(b"[" * 30_000, id="deep"),
    pytest.param(b'{"status": "Healthy", "time_of_last_update": 1e999}', id="an infinite time"),
    pytest.param(b'{"status": "Healthy", "time_of_last_update": 1%b}' % (b"0" * 400), id="a giant time"),
    pytest.param(b'{"status": "Healthy", "time_of_last_update": NaN}', id="no number"),
    pytest.param(b'{"status": "Healthy", "time_of_last_update": 99999999999}', id="in the future"),
    pytest.param(b"x" * 200_000, id="huge"),
]


@pytest.mark.parametrize("body", always("a giant time", "huge", of=HOSTILE_PINGS))
async def test_no_ping_keeps_a_session_beyond_its_timeout(home: Home, body: bytes) -> None:
    async with running(home, ping_body=body) as server:
        await server.ask(version(), ID)
        for _ in range(10):
            await server.advance(91)
        assert records(server) == [("stopped", "was idle for 900 s")]


async def test_no_fault_of_ours_in_looking_at_a_ping_ends_the_looking(home: Home) -> None:
    """A session whose pings can't be taken in, for whatever reason, is a session that failed its health checks."""
    async with running(home) as server:
        session = await server.ask(version(), ID)
        session.vitals = BrokenVitals(0)
        for _ in range(4):
            await server.advance(30)
        assert records(server) == [("stopped", "failed 3 health checks in a row")]


class BrokenVitals(HealthState):
    """Takes nothing in."""

    def answered(self, body: bytes, now: float) -> None:
        raise MemoryError(f"{len(body)} bytes at {now}")


async def test_a_start_that_fails_in_an_unforeseen_way_leaves_nobody_in_provisioning(home: Home) -> None:
    class Failing(FakeSandbox):
        async def start(self, program: Program, spec: SessionSpec) -> FakeProcess:
            raise RecursionError(f"{program.key} {spec.key}")

    async with running(home) as server:
        server.sessions._sandbox = Failing(home.sockets, server.agent)  # type: ignore[assignment]
        for _ in range(2):
            with pytest.raises(ServiceFault, match="the session could not be started") as refused:
                await server.ask(version(), ID)
            assert refused.value.status == 500
        assert server.sessions.count() == 0


async def test_a_laptop_that_slept_ends_no_session(home: Home) -> None:
    machine = MachineTime()
    async with running(home, machine.clock) as server:
        await server.ask(version(), ID)
        machine.sleep(20 * 3600)
        await turns()
        assert records(server) == [("idle", None)]
        assert server.sessions.records()[0].last_used_at < machine.told - 19 * 3600
        machine.run(901)
        await turns()
        assert records(server) == [("stopped", "was idle for 900 s")]
        assert server.sessions.records()[0].ended_at == machine.told


async def test_a_clock_that_is_set_anew_ends_no_session_and_keeps_none(home: Home) -> None:
    machine = MachineTime()
    async with running(home, machine.clock) as server:
        for step in (86_400.0, -86_400.0):
            await server.ask(version(), ID)
            machine.set(step)
            await turns()
            assert server.sessions.count() == 1
        machine.run(901)
        await turns()
        assert server.sessions.count() == 0


async def test_a_drowsy_session_is_woken_before_it_is_ended(home: Home) -> None:
    async with running(home) as server:
        await server.ask(version(), ID)
        for _ in range(2):
            await server.advance(5)
        process = server.sandbox.started[0]
        assert process.drowsy
        await server.sessions.stop("bot-0123456789", "DEFAULT", ID)
        assert (process.stopped, process.drowsy) == (1, False)


async def test_the_newest_version_of_an_endpoint_is_the_one_kept_warm(home: Home) -> None:
    put_code(home, "b")
    async with running(home) as server:
        await server.deployments.prepare(version(1))
        await server.deployments.prepare(version(1, endpoint="pinned"))
        await server.ask(version(1), ID)
        await server.deployments.prepare(version(2, code="b"))
        assert server.sandbox.forgotten == []
        await server.deployments.prepare(version(2, code="b", endpoint="pinned"))
        await turns()
        assert server.sandbox.forgotten == [program_key(version(1))]
        assert {path.name[0] for path in home.snapshots.glob("*/[!.]*")} == {"a", "b"}
        await server.sessions.stop("bot-0123456789", "DEFAULT", ID)
        assert {path.name[0] for path in home.snapshots.glob("*/[!.]*")} == {"b"}


async def test_a_killed_server_leaves_an_account(home: Home) -> None:
    async with running(home) as server:
        await server.ask(version(), ID)
        successor = SessionLedger(home)
        successor.recover(server.clock.now())
        (past,) = successor.past()
        assert (past.session_id, past.state) == (ID, "stopped")
        assert past.end_reason == "the local runtime was killed"
        successor.close()


def record(session_id: str) -> SessionRecord:
    times = {"started_at": 0.0, "last_used_at": 0.0, "ended_at": 0.0}
    return SessionRecord(session_id=session_id, endpoint="DEFAULT", state="stopped", invocations=1, **times)


def test_the_ledger_forgets_the_oldest(home: Home) -> None:
    ledger = SessionLedger(home)
    store = Database(home.database, durable=False)
    for number in range(5010):
        row = (f"s{number}", "arn", float(number), msgspec.json.encode(record(str(number))))
        store.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", *row)
    store.close()
    ledger.recover(0)
    shown = [past.session_id for past in ledger.past("arn")]
    assert shown == [str(number) for number in range(5009, 4009, -1)]
    assert ledger.past("another") == []
    ledger.close()


STORAGE = {"filesystemConfigurations": [{"sessionStorage": {"mountPath": "/mnt/data"}}]}


def folder_of(server: SessionServer, start: int) -> Path:
    return Path(server.sandbox.started[start].spec.environment["AGENTCORE_SESSION_STORAGE"])


async def test_where_nothing_is_mounted_a_variable_leads_to_what_a_session_keeps(home: Home) -> None:
    async with running(home) as server:
        await server.ask(version(**STORAGE), ID)
        (folder_of(server, 0) / "notes").write_text("kept")
        await server.sessions.stop("bot-0123456789", "DEFAULT", ID)
        await server.ask(version(**STORAGE), ID)
        assert (folder_of(server, 1) / "notes").read_text() == "kept"
        await server.ask(version(**STORAGE), "y" * 33)
        assert list(folder_of(server, 2).iterdir()) == []
        await server.sessions.try_out(version(**STORAGE), new_id())
        await server.ask(version(), "z" * 33)
        assert ["AGENTCORE_SESSION_STORAGE" in each.spec.environment for each in server.sandbox.started[3:]] == [
            False,
            False,
        ]


async def test_a_session_that_keeps_too_much_where_nobody_holds_it_is_ended(home: Home) -> None:
    async with running(home) as server:
        session = await server.ask(version(**STORAGE), ID)
        with (folder_of(server, 0) / "big").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 2**30 + 2**26)
        async with asyncio.timeout(60):
            await session.gone.wait()
        assert records(server) == [("stopped", "was ended: its session storage holds too much, more than 1 GB")]
