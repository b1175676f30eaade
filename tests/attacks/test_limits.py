"""What one session may use up: processes, memory by its control groups, disk."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from tests.attacks.test_kernel import require
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in
from tests.long_cases import always

FORKS_AT_ONCE = "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        time.sleep(60)\n"
PROCESSES = 4
OBEDIENT = AGENTS / "obedient.py"


def groups_named(key: str) -> list[Path]:
    """The folder of a session's group in each hierarchy."""
    return [Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup") if os.path.basename(folder) == key]


async def number_of_processes(group: Path) -> int:
    """How many processes the group holds once all are there."""
    for _ in range(100):
        count = len((group / "cgroup.procs").read_text().split())
        if count >= PROCESSES:
            break
        await asyncio.sleep(0.02)
    return count


async def test_what_the_agent_forks_before_it_is_moved_is_moved_too(stage: Stage) -> None:
    key = f"forks-at-once-{os.getpid()}"
    source = stage.write(agent=FORKS_AT_ONCE + (AGENTS / "obedient.py").read_text())
    session = await stage.start(stage.program(source, "agent.py"), key=key)
    assert await run_in(session, "result = 'up'") == "up"
    groups = groups_named(key)
    if not groups:
        pytest.skip("no control groups are to be had here")
    assert [await number_of_processes(group) for group in groups] == [PROCESSES] * len(groups)


async def test_its_processes_are_limited_without_control_groups_and_counted_apart(stage: Stage) -> None:
    require(stage, "process limit", "processes of its own")
    program = stage.program(OBEDIENT)
    session, other = await stage.start(program), await stage.start(program)
    fork = (
        "import os, resource, time\nresource.setrlimit(resource.RLIMIT_NPROC, (8, 4096))\nresult = 0\n"
        "try:\n    for _ in range(20):\n        if os.fork() == 0: time.sleep(60)\n        result += 1\n"
        "except BlockingIOError: pass\n"
        "resource.setrlimit(resource.RLIMIT_NPROC, (4096, 4096))"  # the next request takes a thread
    )
    assert await run_in(session, "import resource; result = resource.getrlimit(resource.RLIMIT_NPROC)") == [4096] * 2
    assert 0 < await run_in(session, fork) < 8
    assert 0 < await run_in(other, fork) < 8
    raising = "import resource; resource.setrlimit(resource.RLIMIT_NPROC, (5000, 5000))"
    assert await run_in(other, f"try:\n    {raising}\nexcept ValueError: result = 'no'") == "no"


@pytest.mark.parametrize(
    "act",
    always(
        "without-a-name",
        "reserved",
        of=[
            pytest.param("for n in range(1100): left.write(piece)", id="one-file"),
            pytest.param("os.unlink('/tmp/left')\n    for n in range(1100): left.write(piece)", id="without-a-name"),
            pytest.param("for n in range(300_000): os.close(os.open(f'/tmp/{n}', os.O_CREAT))", id="files"),
            pytest.param("os.posix_fallocate(left.fileno(), 0, 2 << 30)", id="reserved"),
        ],
    ),
)
async def test_its_disk_is_bounded_and_that_is_told(act: str, stage: Stage) -> None:
    require(stage, "disk limit")
    program = stage.program(OBEDIENT)
    greedy, other = await stage.start(program), await stage.start(program)
    source = (
        "import errno, os\npiece = bytes(1 << 20)\nleft = open('/tmp/left', 'wb', 0)\nresult = 0\n"
        f"try:\n    {act}\nexcept OSError as error: result = error.errno\n"
        "print('the agent says so', flush=True)"
    )
    assert await run_in(greedy, source) == errno.ENOSPC
    assert await run_in(other, "open('/tmp/x', 'w').write('x'); open('own', 'w').close(); result = 1") == 1
    await greedy.stop(grace=1)
    if "fallocate" not in act:
        assert "no space is left of the session's 1 GB of disk" in (stage.home.logs / "s2.log").read_text()
