"""Run as root or as an ordinary user: sessions that do as they are told on stdin, and what came of it as JSON.

The argument is a folder of the caller's own; `theatre` says what is asked and answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.functional.sandbox.stage import AGENTS, Stage, run_in


async def play(stage: Stage, asked: dict[str, Any]) -> list[Any]:
    modules = asked["modules"]
    source = AGENTS / "obedient.py"
    if modules:
        imports = "".join(f"import {name}\n" for name in modules)
        folder = stage.write(obedient=source.read_text().replace("import json\n", f"{imports}import json\n", 1))
        program = stage.program(folder, "obedient.py", interpreter=stage.interpreter(**modules))
    else:
        program = stage.program(source)
    sessions = [await stage.start(program) for _ in asked["sessions"]]
    return [
        [await run_in(session, act) for act in acts] for session, acts in zip(sessions, asked["sessions"], strict=True)
    ]


async def main() -> None:
    asked = json.load(sys.stdin)
    async with Stage(Path(sys.argv[1])) as stage:
        level = stage.sandbox.level
        missing = {each.name: each.reason for each in level.protections if not each.active}
        told = {"level": level.name, "reason": level.reason, "missing": missing}
        told["results"] = await play(stage, asked) if level.name == "namespaces" else []
    print(json.dumps(told))


asyncio.run(main())
