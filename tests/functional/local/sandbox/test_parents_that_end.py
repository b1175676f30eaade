"""Parents that are killed, stall or are let go of at a bad moment: starts go on, and nothing unwanted is left."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox import Program, SandboxError
from agentcore_cli.local.sandbox.fork_server import ANSWER_SECONDS
from agentcore_cli.local.sandbox.isolation import Isolation
from agentcore_cli.local.sandbox.worker import children
from tests.bench.processes import descendants
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in
from tests.functional.local.sandbox.test_endings import parent_of
from tests.processes import kill

OBEDIENT = AGENTS / "obedient.py"
PROCESS = Isolation(None, overlay=False, reason="refused by the test")
NO_SPARE = {"memory": 1024**3}  # a session of other limits is made when it is asked for
LEVELS = pytest.mark.parametrize("isolation", [pytest.param(None, id="best"), pytest.param(PROCESS, id="process")])


@pytest.fixture
def keep_spares() -> bool:
    return True


def workers(role: str) -> list[int]:
    """The processes of this role below this one, outermost first."""
    return [pid for pid in descendants(os.getpid()) if role in _arguments(pid)]


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


async def no_parent_is_left() -> None:
    async with asyncio.timeout(60):
        while workers("parent") or workers("keeper"):
            await asyncio.sleep(0.01)


def slow_to_import(stage: Stage, seconds: float) -> Program:
    """A program whose parent imports for so long."""
    interpreter = stage.interpreter(slow=f"import time\ntime.sleep({seconds})\n")
    source = stage.write(agent=f"import slow\n{OBEDIENT.read_text()}")
    return stage.program(source, "agent.py", interpreter=interpreter)


@LEVELS
async def test_a_first_answer_after_its_program_was_forgotten_makes_nothing(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    session = await stage.start(program)
    await stage.sandbox.forget(program.key)
    await run_in(session, "result = 1")
    session.answered()
    await asyncio.sleep(0.2)
    await session.stop()
    await no_parent_is_left()


async def test_a_program_that_is_forgotten_as_a_start_of_it_begins_leaves_nothing(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    starting = asyncio.create_task(stage.start(program))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await stage.sandbox.forget(program.key)
    session = await starting
    await run_in(session, "result = 1")
    session.answered()
    await session.stop()
    await no_parent_is_left()


@pytest.mark.parametrize("moment", [0.02, 0.3])
async def test_a_program_that_is_forgotten_while_its_parent_starts_anew(stage: Stage, moment: float) -> None:
    program = slow_to_import(stage, 0.6)
    await stage.sandbox.prepare(program)
    first = await stage.start(program)
    kill(parent_of(parent_of(first.pid)))
    await first.stop()
    starting = asyncio.create_task(stage.start(program))
    await asyncio.sleep(moment)
    await stage.sandbox.forget(program.key)
    session = await asyncio.wait_for(starting, 60)
    assert session.warm
    assert await run_in(session, "result = 'here'") == "here"
    await session.stop()
    await no_parent_is_left()


@LEVELS
async def test_a_parent_that_is_killed_when_it_has_forked_leaves_no_second_session(stage: Stage) -> None:
    """What it has forked is nobody's: neither does it answer for the session, nor does it stay."""
    program = stage.program(OBEDIENT)
    for _ in range(4):
        first = await stage.start(program, **NO_SPARE)
        parent = parent_of(parent_of(first.pid))
        known = set(children.of(parent))
        killed = threading.Thread(target=_kill_when_it_forks, args=(parent, known))
        killed.start()
        session = await asyncio.wait_for(stage.start(program, **NO_SPARE), 60)
        assert await run_in(session, "result = 'here'") == "here"
        assert parent_of(parent_of(session.pid)) != parent
        await asyncio.wait_for(session.stop(), 20)
        await asyncio.wait_for(first.stop(), 20)
        killed.join()
    await stage.sandbox.forget(program.key)
    await no_parent_is_left()


def _kill_when_it_forks(parent: int, known: set[int]) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if set(children.of(parent)) - known:
            os.kill(parent, signal.SIGKILL)
            return


@pytest.mark.long
async def test_a_parent_that_stalls_is_replaced(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    first = await stage.start(program, **NO_SPARE)
    parent = parent_of(parent_of(first.pid))
    os.kill(parent, signal.SIGSTOP)
    session = await asyncio.wait_for(stage.start(program, **NO_SPARE), 3 * ANSWER_SECONDS)
    assert parent_of(parent_of(session.pid)) != parent
    assert await run_in(session, "result = 'here'") == "here"


async def test_a_parent_that_was_killed_while_it_imported_is_made_again(stage: Stage) -> None:
    program = slow_to_import(stage, 1.0)
    preparing = asyncio.create_task(stage.sandbox.prepare(program))
    async with asyncio.timeout(60):
        while not (importing := workers("parent")):
            await asyncio.sleep(0.01)
    kill(importing[-1])
    await preparing
    assert (await stage.start(program)).warm


@pytest.mark.long
async def test_a_gateway_that_stalled_answers_each_session_for_itself(stage: Stage) -> None:
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"here")
        writer.close()

    async def serve(listener: socket.socket) -> asyncio.Server:
        return await asyncio.start_server(speak, sock=listener)

    if stage.sandbox.network_reason:
        pytest.skip(stage.sandbox.network_reason)
    stage.sandbox.answer_by(9321, serve)
    program = stage.program(OBEDIENT)
    await (await stage.start(program, **NO_SPARE)).stop()
    (gateway, *_) = workers("gateway")
    os.kill(gateway, signal.SIGSTOP)
    with pytest.raises(SandboxError, match="the gateway does not answer"):
        await stage.start(program, **NO_SPARE)
    os.kill(gateway, signal.SIGCONT)
    listen = "import socket; result = socket.create_connection(('127.0.0.1', 9321), 5).recv(10).decode()"
    for _ in range(2):
        assert await run_in(await stage.start(program, **NO_SPARE), listen) == "here"
