"""Agents that fight: nothing but their own session notices, and nothing is left of it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox import SessionProcess
from tests.functional.local.sandbox.stage import AGENTS, Stage, invoke, run_in

OBEDIENT = AGENTS / "obedient.py"
MEGABYTE = 1024**2


async def obey(session: SessionProcess, source: str) -> None:
    """Let the agent run something that it may not survive."""
    try:
        await invoke(session, {"run": source})
    except (ConnectionError, ValueError):
        return


@pytest.mark.parametrize(
    ("act", "killed"),
    [
        pytest.param("import os; os.kill(os.getppid(), 9)", None, id="parent"),
        pytest.param("import os; os.killpg(0, 9)", signal.SIGKILL, id="process-group"),
        pytest.param("import os; os.kill(-1, 9)", None, id="everything"),
        pytest.param("import os; os.kill(os.getpid(), 9)", signal.SIGKILL, id="itself"),
        pytest.param("import os; os.abort()", signal.SIGABRT, id="abort"),
        pytest.param("import ctypes; ctypes.string_at(0)", signal.SIGSEGV, id="segmentation-fault"),
        pytest.param("import os; os._exit(3)", None, id="exit"),
    ],
)
async def test_violence_stays_at_home(act: str, killed: signal.Signals | None, stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    hostile, other = await stage.start(program), await stage.start(program)
    await run_in(other, "kept = 1")
    await obey(hostile, act)
    if killed is not None:
        ended = await asyncio.wait_for(hostile.exited, 60)
        assert (ended.code, ended.signal) == (None, killed)
    await hostile.stop(grace=1)
    assert await run_in(other, "result = kept") == 1
    assert await run_in(await stage.start(program), "result = 2") == 2


async def test_children_that_outlive_their_agent_are_ended(stage: Stage) -> None:
    marker = f"marker-{os.getpid()}"
    session = await stage.start(stage.program(OBEDIENT))
    orphan = f"import os, time; os.fork() and os._exit(0); time.sleep(1000) # {marker}"
    await run_in(
        session,
        "import subprocess, sys\n"
        f"for _ in range(5): subprocess.Popen([sys.executable, '-S', '-c', {orphan!r}], start_new_session=True)",
    )
    async with asyncio.timeout(60):
        while len(processes_with(marker)) < 5:
            await asyncio.sleep(0.05)
    await session.stop(grace=1)
    assert processes_with(marker) == []


def processes_with(marker: str) -> list[int]:
    """Processes whose command line holds `marker`, this one aside."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if marker in (entry / "cmdline").read_text():
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


async def test_a_flood_on_stdout_is_capped_and_disturbs_nobody(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    hostile, other = await stage.start(program), await stage.start(program)
    await obey(hostile, "import os\nfor n in range(1200): os.write(1, b'%06d ' % n + b'x' * 65536 * 2 + b'\\n')")
    assert await run_in(other, "result = 1") == 1
    await hostile.stop(grace=1)
    log = (stage.home.logs / "s2.log").read_bytes()
    assert len(log) <= 64 * MEGABYTE
    assert log.splitlines()[-1][25:31] == b"001199"
    assert all(line[23:25] == b"Z " for line in log.splitlines())


async def test_memory_without_end_ends_the_session(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    hostile = await stage.start(program, memory=300 * MEGABYTE)
    other = await stage.start(program)
    await obey(hostile, "hoard = []\nwhile True: hoard.append(bytearray(10_000_000))")
    assert await run_in(other, "result = 1") == 1
    if hostile.exited.done() or await _ends(hostile):
        ended = hostile.exited.result()
        assert (ended.signal, ended.out_of_memory) == (signal.SIGKILL, True)
        assert ended.describe() == "was killed by SIGKILL (out of memory)"


async def _ends(session: SessionProcess) -> bool:
    done, _ = await asyncio.wait({session.exited}, timeout=10)
    return bool(done)


async def test_a_fork_bomb_is_ended_with_its_session(stage: Stage) -> None:
    program = stage.program(OBEDIENT)
    hostile, other = await stage.start(program), await stage.start(program)
    bomb = "import os, time\nif os.fork() == 0:\n  for _ in range(8): os.fork()\n  time.sleep(1000)"
    await obey(hostile, bomb)
    assert await run_in(other, "result = 1") == 1
    await hostile.stop(grace=0.5)
    assert "s2" not in [folder.name for folder in stage.session_folders()]


async def test_files_that_resist_removal_are_removed(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    await run_in(
        session,
        "import os\nos.makedirs('/tmp/a/b/c'); open('/tmp/a/b/f', 'w').close()\n"
        "os.chmod('/tmp/a/b', 0); os.chmod('/tmp/a', 0); os.symlink('/', '/tmp/root')\n"
        "os.makedirs('/tmp/' + '/'.join(['deep'] * 500))",
    )
    await session.stop(grace=1)
    assert stage.session_folders() == []
