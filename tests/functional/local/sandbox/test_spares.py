"""Sessions begun ahead: what waits, who takes it, and that nothing of it is noticed but the time."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox import SessionProcess
from agentcore_cli.local.sandbox.isolation import Isolation
from tests.bench.processes import descendants, private_bytes
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in
from tests.functional.local.sandbox.test_endings import mounts, parent_of, wait_for_end
from tests.long_cases import always
from tests.processes import kill

OBEDIENT = AGENTS / "obedient.py"
PROCESS = Isolation(None, overlay=False, reason="refused by the test")
FRESH = Isolation(None, overlay=False, reason="as on macOS", forks=False)

EACH = [pytest.param(None, id="best"), pytest.param(PROCESS, id="process"), pytest.param(FRESH, id="fresh")]
LEVELS = pytest.mark.parametrize("isolation", EACH)


@pytest.fixture
def keep_spares() -> bool:
    return True


def folders_of_spares(stage: Stage) -> list[str]:
    return [folder.name for folder in stage.session_folders() if folder.name.startswith("spare-")]


def agents() -> set[int]:
    """The agents' processes below this one: parent, init, agent; with namespaces, two keepers come first."""
    return {pid for pid in descendants(os.getpid()) if (depth(pid), namespaces_of(pid)) in ((3, 1), (5, 3))}


def namespaces_of(pid: int) -> int:
    """How many pid namespaces, this process's the first, a process is in."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(len(line.split()) - 1 for line in status.splitlines() if line.startswith("NSpid:"))


def depth(pid: int) -> int:
    below = 0
    try:
        while pid != os.getpid():
            pid, below = parent_of(pid), below + 1
    except (FileNotFoundError, ProcessLookupError):
        return -1
    return below


async def next_spare(*known: int, old: int | None = None) -> int:
    """The agent's process of a spare, which is none of `known`, and not of the parent `old`, which is being dropped."""
    async with asyncio.timeout(60):
        while not (found := {pid for pid in agents() - set(known) if old is None or parent_of_agent(pid) != old}):
            await asyncio.sleep(0.01)
    (pid,) = found
    return pid


def parent_of_agent(agent: int) -> int | None:
    """The parent process that an agent's init was forked by; None when it has just ended."""
    try:
        return parent_of(parent_of(agent))
    except (FileNotFoundError, ProcessLookupError):
        return None


async def answer_once(session: SessionProcess) -> None:
    await run_in(session, "result = 1")
    session.answered()


@LEVELS
async def test_a_start_takes_the_spare_and_nothing_of_the_program_has_run_in_it(stage: Stage) -> None:
    source = stage.write(agent=f"import os, time\nbegan = time.time()\nprint('begun')\n{OBEDIENT.read_text()}")
    program = stage.program(source, "agent.py", environment={"LOG_LEVEL": "info"})
    await stage.sandbox.prepare(program)
    pid = await next_spare()
    await asyncio.sleep(0.3)
    assert not list(stage.home.logs.iterdir())
    before = time.time()
    session = await stage.start(program, environment={"AWS_REGION": "us-west-2"})
    assert session.pid == pid
    began, *environment = await run_in(
        session, "result = [began, os.environ['AWS_REGION'], os.environ['LOG_LEVEL'], os.getcwd() == sys.path[0]]"
    )
    assert began >= before
    assert environment == ["us-west-2", "info", True]
    await session.stop(grace=1)
    assert next(stage.home.logs.iterdir()).read_text().count("begun") == 1


async def test_the_next_one_is_made_when_the_session_has_answered(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    first = await next_spare()
    session = await stage.start(program)
    await asyncio.sleep(0.2)
    assert agents() == {first}
    await answer_once(session)
    second = await next_spare(first)
    assert (await stage.start(program)).pid == second


async def test_of_many_starts_at_once_one_takes_the_spare(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    first = await next_spare()
    sessions = await asyncio.gather(*(stage.start(program) for _ in range(8)))
    assert [session.pid for session in sessions].count(first) == 1
    assert len({session.pid for session in sessions}) == 8
    drawn = [await run_in(session, "import random; result = random.random()") for session in sessions]
    assert len(set(drawn)) == 8


@pytest.mark.parametrize("isolation", always("best", of=EACH))
@pytest.mark.parametrize("victim", ["agent", "init", "parent"])
@pytest.mark.parametrize("noticed", always("at-hand-over", of={"long-ago": True, "at-hand-over": False}))
async def test_a_spare_that_was_killed_is_replaced(victim: str, noticed: bool, stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    agent = await next_spare()
    init = parent_of(agent)
    kill({"agent": agent, "init": init, "parent": parent_of(init)}[victim])
    if noticed:
        await asyncio.sleep(0.3)
    session = await stage.start(program)
    assert (session.pid == agent) == (victim == "parent")
    before = folders_of_spares(stage)
    await answer_once(session)
    async with asyncio.timeout(60):
        while set(folders_of_spares(stage)) <= set(before):
            await asyncio.sleep(0.01)
    await answer_once(await stage.start(program))


async def test_a_spare_that_can_not_be_made_is_done_without(stage: Stage, tmp_path: Path) -> None:
    program = stage.program(OBEDIENT)
    await stage.start(program)
    stage.home.sessions.chmod(0o500)
    stage.home.sessions.rename(tmp_path / "away")
    await stage.sandbox.prepare(program)
    await asyncio.sleep(0.2)
    (tmp_path / "away").rename(stage.home.sessions)
    await answer_once(await stage.start(program))


async def test_a_start_of_other_limits_leaves_the_spare_alone(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    pid = await next_spare()
    assert (await stage.start(program, memory=1024**3)).pid != pid
    assert (await stage.start(program)).pid == pid


@LEVELS
async def test_nothing_is_left_of_the_spare_of_a_forgotten_program(stage: Stage, tmp_path: Path) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    pid = await next_spare()
    processes = [pid, parent_of(pid), parent_of(parent_of(pid))]
    await stage.sandbox.forget(program.key)
    assert stage.session_folders() == list(stage.home.sockets.iterdir()) == []
    for process in processes:
        await asyncio.to_thread(wait_for_end, process)
    assert mounts(tmp_path) == []


async def test_a_program_that_is_forgotten_while_its_spare_is_made_leaves_nothing(stage: Stage) -> None:
    for pause in (0.019, 0.02, 0.022, 0.025, 0.03):
        program = stage.program(OBEDIENT)
        await stage.sandbox.prepare(program)
        await asyncio.sleep(pause)
        await stage.sandbox.forget(program.key)
        assert stage.session_folders() == []


async def test_nothing_is_left_of_spares_when_the_sandbox_ends(tmp_path: Path) -> None:
    async with Stage(tmp_path, keep_spares=True) as stage:
        await stage.sandbox.prepare(stage.program(OBEDIENT))
        await next_spare()
    assert agents() == set()
    assert list((tmp_path / "home" / "sessions").iterdir()) == []


async def test_what_was_learned_is_loaded_in_the_spare_after_it(stage: Stage) -> None:
    """The first spare learns; the next one comes from the parent that knows, whatever was made meanwhile."""
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    first = await next_spare()
    known = [first]
    for _ in range(2):
        session = await stage.start(program)
        known.append(session.pid)
        await run_in(session, "import colorsys")
        session.answered()
    async with asyncio.timeout(60):
        while not list((stage.home.root / "learned").glob("*.json")):
            await asyncio.sleep(0.02)
    second = await next_spare(*known, old=parent_of_agent(first))
    again = await stage.start(program)
    assert again.pid == second
    assert "colorsys" in await run_in(again, "result = at_start")


@pytest.mark.skipif(not Path("/proc/self/pagemap").exists(), reason="needs pagemap")
async def test_a_spare_has_the_memory_that_an_earlier_session_needed(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    await stage.sandbox.prepare(program)
    known = []
    for _ in range(2):
        learner = await stage.start(program)
        known.append(learner.pid)
        await answer_once(learner)
    async with asyncio.timeout(60):
        while not list((stage.home.root / "learned").glob("*.json")):
            await asyncio.sleep(0.02)
    unstudied = await next_spare(*known, old=parent_of_agent(known[0]))
    little = private_bytes(unstudied)
    session = await stage.start(program)
    assert session.pid == unstudied
    await answer_once(session)
    studied = await next_spare(*known, session.pid)
    async with asyncio.timeout(60):
        while private_bytes(studied) <= little + 200_000:
            await asyncio.sleep(0.02)
    assert private_bytes(studied) < private_bytes(session.pid) * 1.2
