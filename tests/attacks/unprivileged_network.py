"""Run by a user without rights: the network of one session, as JSON. The argument is a folder that the user owns."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

CONNECT = """
import socket
try:
    socket.create_connection(("127.0.0.1", PORT), 5).close()
    result = "connected"
except OSError as error:
    result = type(error).__name__
"""


async def main() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unnamed, socket.create_server(("127.0.0.1", 0)) as named:
        async with Stage(Path(sys.argv[1])) as stage:
            model = named.getsockname()[1]
            program = stage.program(AGENTS / "obedient.py", environment={"MODEL_URL": f"http://127.0.0.1:{model}"})
            session = await stage.start(program)
            told = {
                "level": stage.sandbox.level.name,
                "reason": stage.sandbox.network_reason,
                "links": await run_in(session, "import socket\nresult = sorted(dict(socket.if_nameindex()).values())"),
                "machine": await run_in(session, CONNECT.replace("PORT", str(unnamed.getsockname()[1]))),
                "named": await run_in(session, CONNECT.replace("PORT", str(model))),
            }
    print(json.dumps(told))


asyncio.run(main())
