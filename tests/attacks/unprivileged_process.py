"""Run by a user without rights: one session, and what it sees, as JSON. The argument is a folder that the user owns."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

LOOK = """
import ctypes, os
libc = ctypes.CDLL(None)
open('own', 'w').close(); open('/tmp/own', 'w').close()
result = {
    'user': os.getuid(),
    'processes': sorted(name for name in os.listdir('/proc') if name.isdigit()),
    'umount': libc.umount2(b'/tmp', 2),
    'home': os.path.exists(ROOT),
}
"""


async def play(stage: Stage) -> None:
    session = await stage.start(stage.program(AGENTS / "obedient.py"))
    seen = await run_in(session, LOOK.replace("ROOT", repr(str(stage.home.root))))
    command = await session.run("id -u; ls own; cat /proc/self/oom_score_adj")
    seen["command"] = b"".join([data async for _, data in command.output()]).decode().split()
    ended = await session.stop(grace=1)
    left = [str(path) for path in (*stage.session_folders(), *stage.home.sockets.iterdir())]
    level = stage.sandbox.level
    print(json.dumps({"level": level.name, "reason": level.reason, "seen": seen, "signal": ended.signal, "left": left}))


async def main() -> None:
    async with Stage(Path(sys.argv[1])) as stage:
        await play(stage)


asyncio.run(main())
