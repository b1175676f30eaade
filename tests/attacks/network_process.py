"""A server's sandbox in a process of its own, to be killed: tells of its network and lives until its stdin says so."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from agentcore_cli.local.sandbox.network import link_name
from tests.functional.local.sandbox.stage import AGENTS, Stage


async def main() -> None:
    async with Stage(Path(sys.argv[1])) as stage:
        await stage.start(stage.program(AGENTS / "obedient.py"))
        print(json.dumps({"reason": stage.sandbox.network_reason, "link": link_name(stage.home)}), flush=True)
        await asyncio.to_thread(sys.stdin.readline)


asyncio.run(main())
