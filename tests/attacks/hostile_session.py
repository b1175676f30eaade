"""Run as root or as an ordinary user: sessions that do as they are told on stdin, and what came of it as JSON.

`sessions` obey; each of `fights` has a session of its own, which it may not survive, and somebody beside it.

The argument is a folder of the caller's own; `theatre` says what is asked and answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from agentcore_cli.local.sandbox import SessionProcess
from tests.functional.local.sandbox.stage import AGENTS, Stage, invoke, run_in

SECONDS = 20  # that a fight may take; one in which nobody answers takes a second


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


async def fight(stage: Stage, act: str, bystander: SessionProcess, seconds: float) -> dict[str, Any]:
    """What somebody beside it, and whoever comes next, notices of a session that does this; and what is left of it."""
    program = stage.program(AGENTS / "obedient.py")
    spec = stage.spec()
    hostile = await stage.sandbox.start(program, spec)
    try:
        answer = (await invoke(hostile, {"run": act}, timeout=seconds)).body
    except (ConnectionError, TimeoutError, ValueError) as end:
        answer = type(end).__name__
    beside = await run_in(bystander, "result = kept")
    after = await run_in(await stage.start(program), "result = 2")
    await hostile.stop(grace=0.2)
    folders = [folder.name for folder in stage.session_folders()]
    log = spec.log.stat().st_size if spec.log.exists() else 0
    return {"answer": answer, "beside": beside, "after": after, "left": spec.key in folders, "log": log}


async def fights(stage: Stage, acts: dict[str, str], silent: list[str]) -> dict[str, Any]:
    bystander = await stage.start(stage.program(AGENTS / "obedient.py"))
    await run_in(bystander, "kept = 1")
    return {name: await fight(stage, act, bystander, 1 if name in silent else SECONDS) for name, act in acts.items()}


async def main() -> None:
    asked = json.load(sys.stdin)
    async with Stage(Path(sys.argv[1])) as stage:
        level = stage.sandbox.level
        missing = {each.name: each.reason for each in level.protections if not each.active}
        told = {"level": level.name, "reason": level.reason, "missing": missing}
        walled = level.name == "namespaces"
        told["results"] = await play(stage, asked) if walled else []
        told["fights"] = await fights(stage, asked["fights"], asked["silent"]) if walled and asked["fights"] else {}
    print(json.dumps(told))


asyncio.run(main())
