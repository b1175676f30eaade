"""How sessions end, and what is left: nothing."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import Exit, Sandbox
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in
from tests.processes import kill

OBEDIENT = AGENTS / "obedient.py"
SERVER = Path(__file__).parent / "server_process.py"


def mounts(root: Path) -> list[str]:
    """What is mounted below a folder."""
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(root) in line]


async def test_nothing_is_left_after_stop(stage: Stage, tmp_path: Path) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    await run_in(session, "open('notes', 'w').write('x')")
    pid = session.pid
    ended = await session.stop(grace=60)
    assert ended == Exit(None, signal.SIGTERM)
    assert await session.exited == ended
    assert not Path(f"/proc/{pid}").exists()
    assert stage.session_folders() == []
    assert list(stage.home.sockets.iterdir()) == []
    assert mounts(tmp_path) == []


async def test_an_agent_that_ignores_sigterm_is_killed_after_the_grace(stage: Stage) -> None:
    agent = (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\ntime.sleep(100)"
    )
    session = await stage.start(stage.program(stage.write(agent=agent), "agent.py"))
    async with asyncio.timeout(60):
        while not any("deaf" in log.read_text() for log in stage.home.logs.iterdir()):
            await asyncio.sleep(0.01)
    assert await session.stop(grace=0.2) == Exit(None, signal.SIGKILL)


async def test_stop_is_heard_twice_and_by_two(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    first, second = await asyncio.gather(session.stop(), session.stop())
    assert first == second == await session.stop()


@pytest.mark.parametrize(
    ("source", "ended", "words"),
    [
        pytest.param(
            "import no_such_module", Exit(1, None), "ModuleNotFoundError: No module named 'no_such_module'", id="import"
        ),
        pytest.param("def f(:", Exit(1, None), "SyntaxError: invalid syntax", id="syntax"),
        pytest.param("raise SystemExit('sorry')", Exit(1, None), "sorry", id="exit-message"),
        pytest.param("import sys; sys.exit(0)", Exit(0, None), "", id="exit-0"),
        pytest.param("import sys; sys.exit(7)", Exit(7, None), "", id="exit-7"),
        pytest.param("print('hello')", Exit(0, None), "hello", id="end-of-program"),
        pytest.param("import atexit; atexit.register(print, 'bye')", Exit(0, None), "bye", id="exit-handlers"),
        pytest.param("import os; os.write(2, b'no end of line')", Exit(0, None), "no end of line", id="partial-line"),
    ],
)
async def test_an_agent_that_ends_before_it_serves(source: str, ended: Exit, words: str, stage: Stage) -> None:
    session = await stage.start(stage.program(stage.write(agent=source), "agent.py"))
    assert await asyncio.wait_for(session.exited, 60) == ended
    log = next(stage.home.logs.iterdir()).read_text()
    assert log.count(words) == 1 if words else log == ""
    assert log.count("Traceback") == (1 if "no_such" in words else 0)
    assert "sandbox/worker" not in log


async def test_a_missing_entry_file_is_reported_as_the_interpreter_does(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT, "absent.py"))
    assert await asyncio.wait_for(session.exited, 60) == Exit(2, None)
    assert "can't open file" in next(stage.home.logs.iterdir()).read_text()


async def test_a_killed_parent_is_replaced_and_its_sessions_go_on(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    session = await stage.start(program)
    await run_in(session, "kept = 1")
    kill(parent_of_init(session.pid))
    again = await stage.start(program)
    assert again.warm
    assert await run_in(again, "result = 2") == 2
    assert await run_in(session, "result = kept") == 1
    await session.stop()
    assert not Path(f"/proc/{session.pid}").exists()


def parent_of_init(agent: int) -> int:
    """agent -> its session's init -> the program's parent."""
    return parent_of(parent_of(agent))


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


async def test_forgotten_programs_let_their_sessions_go_on(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    session = await stage.start(program)
    await stage.sandbox.forget(program.key)
    assert await run_in(session, "result = 1") == 1
    await session.stop()


def test_everything_dies_with_a_killed_server_and_the_next_one_sweeps(tmp_path: Path) -> None:
    server = subprocess.Popen([sys.executable, str(SERVER), str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    agents = [int(pid) for pid in server.stdout.readline().split()]
    assert len(agents) == 3
    pids = {*agents, *map(parent_of, agents), *map(parent_of_init, agents)}
    assert len(pids) == 3 + 3 + 1
    server.kill()
    server.wait()
    server.stdout.close()
    for pid in pids:
        wait_for_end(pid)
    home = Home(tmp_path / "home")
    assert len(list(home.sessions.glob("*/*"))) == 3
    asyncio.run(sweep(home))
    assert list(home.sessions.glob("*/*")) == []
    assert list(home.sockets.iterdir()) == []


async def sweep(home: Home) -> None:
    await Sandbox(home).close()


def wait_for_end(pid: int) -> None:
    """A zombie counts as ended: whoever adopted it may be slow to fetch it."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([process], [], [], 10)[0]
    finally:
        os.close(process)


async def test_a_drowsy_agent_has_late_timers_until_it_is_roused(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    slack = Path(f"/proc/{session.pid}/timerslack_ns")
    punctual = slack.read_text()
    session.drowse()
    assert slack.read_text().strip() == "1000000000"
    session.rouse()
    assert slack.read_text() == punctual
    await session.stop(grace=2)
    session.drowse()
