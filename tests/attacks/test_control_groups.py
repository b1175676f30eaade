"""The control groups of a session hold every process of it, though the agent does not wait to be put there."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.functional.sandbox.stage import AGENTS, Stage, on_stage, run_in

FORKS_AT_ONCE = "import os, time\nfor _ in range(3):\n    if os.fork() == 0:\n        time.sleep(60)\n"
PROCESSES = 4


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


def test_what_the_agent_forks_before_it_is_moved_is_moved_too(tmp_path: Path) -> None:
    key = f"forks-at-once-{os.getpid()}"

    async def play(stage: Stage) -> None:
        source = stage.write(agent=FORKS_AT_ONCE + (AGENTS / "obedient.py").read_text())
        session = await stage.start(stage.program(source, "agent.py"), key=key)
        assert await run_in(session, "result = 'up'") == "up"
        groups = groups_named(key)
        if not groups:
            pytest.skip("no control groups are to be had here")
        assert [await number_of_processes(group) for group in groups] == [PROCESSES] * len(groups)

    on_stage(tmp_path, play)
