"""A server to be killed: starts three sessions in the folder of its argument, prints their pids, and waits."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent.parent.parent.parent))

from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in


async def main() -> None:
    async with Stage(Path(sys.argv[1])) as stage:
        program = stage.program(AGENTS / "obedient.py")
        sessions = [await stage.start(program) for _ in range(3)]
        start = "import subprocess; child = subprocess.Popen(['sleep', '1000'], start_new_session=True)"
        for session in sessions:
            await run_in(session, start)
        print(*(session.pid for session in sessions), flush=True)
        await asyncio.sleep(1000)


uvloop.run(main())
