"""What an agent can do here, whatever the level, as JSON. The argument is a folder of the caller's own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.attacks import attempts
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

SIGHT = """
import os
result = {
    "the user's files": os.path.exists(MARK), "other processes": os.path.exists(f'/proc/{SERVER}'),
    "the user's account": os.getuid() == USER,
}
"""


async def main() -> None:
    async with Stage(Path(sys.argv[1])) as stage:
        session = await stage.start(stage.program(AGENTS / "obedient.py"))
        sight = f"MARK, SERVER, USER = {__file__!r}, {os.getpid()}, {os.getuid()}\n{SIGHT}"
        told = {
            "level": stage.sandbox.level.name,
            "active": [each.name for each in stage.sandbox.level.protections if each.active],
            "rights": await run_in(session, attempts.RIGHTS),
            "refused": await run_in(session, attempts.REFUSED),
            "sees": await run_in(session, sight),
        }
    print(json.dumps(told))


asyncio.run(main())
