"""A dependency that was taken over speaks for the process that imports it: the server hears no nonsense of it."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from agentcore_cli.local.sandbox import SandboxError
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in
from tests.long_cases import always

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="attacks on what Linux has")

OBEDIENT = AGENTS / "obedient.py"

# In the warm parent, at import: find the socket that leads to the server, and have it for oneself.
TAKE_OVER = """
import os, socket, sys, threading, time
def channel():
    for number in range(3, 64):
        try:
            found = socket.socket(fileno=os.dup(number))
        except OSError:
            continue
        if found.family == socket.AF_UNIX and found.type == socket.SOCK_STREAM:
            return found
in_parent = "attacked" not in os.environ and os.path.basename(sys.argv[0]) != "agent.py"
server = channel() if in_parent else None
"""

NONSENSE = {
    "deep": "server.sendall(b'[' * 200_000 + b'\\n')",
    "list": "server.sendall(b'[]\\n')",
    "not-json": "server.sendall(b'\\xff\\n')",
    "empty-objects": "server.sendall(b'{}\\n' * 10_000)",
    "ready-as-list": 'server.sendall(b\'{"ready": [], "unsafe": {"a": 1}}\\n\')',
    "forked-of-no-process": 'server.sendall(b\'{"ready": true, "unsafe": null}\\n{"forked": 1}\\n\')',
    "forked-of-text": 'server.sendall(b\'{"ready": true, "unsafe": null}\\n{"forked": "x"}\\n\')',
    "without-end": "\nfor _ in range(300): server.sendall(b'x' * 65536)",
    "descriptors": "\nfor _ in range(3000): socket.send_fds(server, [b'{\"x\":1}\\n'], [0])",
    "descriptor-that-is-no-process": (
        'server.sendall(b\'{"ready": true, "unsafe": null}\\n\')\n'
        "    socket.send_fds(server, [b'{\"forked\": 5}\\n'], [0])\n    time.sleep(1)"
    ),
}


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("act", always("without-end", "descriptors", "descriptor-that-is-no-process", of=NONSENSE))
async def test_a_dependency_that_speaks_for_the_parent_hurts_its_own_program_alone(act: str, stage: Stage) -> None:
    healthy = stage.program(OBEDIENT)
    await run_in(await stage.start(healthy), "result = 1")
    hostile = f"{TAKE_OVER}\nif server is not None:\n    try:\n        pass\n    except OSError: pass\n    {act}\n"
    hostile = hostile.replace("\nfor _", "\n    for _")
    interpreter = stage.interpreter(taken_over=hostile)
    source = stage.write(agent=f"import taken_over\n{OBEDIENT.read_text()}")
    before = descriptors()
    attacked = stage.program(source, "agent.py", interpreter=interpreter)
    async with asyncio.timeout(60):
        try:
            session = await stage.start(attacked)
        except SandboxError:
            pass
        else:
            await session.stop(grace=0)
        assert await run_in(await stage.start(healthy), "result = 2") == 2
    await stage.sandbox.forget(attacked.key)
    assert descriptors() - before < 60


async def test_a_parent_that_writes_without_end_fills_no_disk(stage: Stage) -> None:
    """What it prints goes to a place of a fixed size, whatever it is that it imports."""
    flood = f"{TAKE_OVER}\nwhile server is not None:\n    os.write(1, b'x' * 65536)\n"
    source = stage.write(agent=f"import taken_over\n{OBEDIENT.read_text()}")
    program = stage.program(source, "agent.py", interpreter=stage.interpreter(taken_over=flood))
    async with asyncio.timeout(60):
        assert await run_in(await stage.start(program), "result = 3") == 3
