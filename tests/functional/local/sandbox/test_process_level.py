"""Where namespaces are refused: a process tree and a copied folder for each session. It is shown, and it is no wall."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from agentcore_cli.local.sandbox.isolation import Isolation
from tests.attacks.test_violence import obey, processes_with
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

OBEDIENT = AGENTS / "obedient.py"
PROCESS = Isolation(None, overlay=False, reason="refused by the test")
COPY = Isolation("root" if os.geteuid() == 0 else "user", overlay=False, reason="no overlay")


@pytest.fixture
def isolation() -> Isolation:
    return PROCESS


async def test_the_level_and_its_reason_are_shown(stage: Stage) -> None:
    assert (stage.sandbox.level.name, stage.sandbox.level.reason) == ("process", "refused by the test")


@pytest.mark.parametrize("isolation", [pytest.param(PROCESS, id="process"), pytest.param(COPY, id="copied-folder")])
async def test_folder_home_and_temporary_folder_are_private(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    first, second = await stage.start(program), await stage.start(program)
    places = "import os, tempfile; places = ['.', os.path.expanduser('~'), tempfile.gettempdir()]\n"
    await run_in(first, places + "for at in places: open(at + '/notes', 'w').close()\nos.unlink('obedient.py')")
    look = places + "result = [os.path.exists(at + '/notes') for at in places] + [os.path.exists('obedient.py')]"
    assert await run_in(second, look) == [False, False, False, True]
    assert os.listdir(program.code) == ["obedient.py"]


async def test_the_snapshot_becomes_read_only_and_its_copies_are_writable(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    session = await stage.start(program)
    assert [path.stat().st_mode & 0o222 for path in (program.code, program.code / "obedient.py")] == [0, 0]
    look = "import os; result = [os.stat(name).st_mode & 0o200 for name in ('.', 'obedient.py')]"
    assert await run_in(session, look) == [0o200, 0o200]


async def test_whoever_kills_its_init_ends_only_its_own_session(stage: Stage) -> None:
    marker = f"orphan-{os.getpid()}"
    program = stage.program(OBEDIENT)
    hostile, other = await stage.start(program), await stage.start(program)
    sleeper = f"import time; time.sleep(1000) # {marker}"
    popen = f"subprocess.Popen([sys.executable, '-c', {sleeper!r}], start_new_session=True)"
    await run_in(hostile, f"import os, subprocess\n{popen}")
    await obey(hostile, "os.kill(os.getppid(), 9)")
    ended = await asyncio.wait_for(hostile.exited, 60)
    assert ended.signal == signal.SIGKILL
    await hostile.stop()
    assert await run_in(other, "result = 1") == 1
    async with asyncio.timeout(60):
        while processes_with(marker):
            await asyncio.sleep(0.01)


async def test_children_that_outlive_their_agent_are_ended(stage: Stage) -> None:
    marker = f"child-{os.getpid()}"
    session = await stage.start(stage.program(OBEDIENT))
    orphan = f"import os, time; os.fork() and os._exit(0); time.sleep(1000) # {marker}"
    popen = f"subprocess.Popen([sys.executable, '-c', {orphan!r}], start_new_session=True)"
    await run_in(session, f"import subprocess\nfor _ in range(5): {popen}")
    async with asyncio.timeout(60):
        while len(processes_with(marker)) < 5:
            await asyncio.sleep(0.05)
    await session.stop(grace=1)
    assert processes_with(marker) == []
    assert stage.session_folders() == []
