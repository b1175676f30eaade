"""A dependency that was taken over reaches into the first process of a session: the server still ends the session."""

from __future__ import annotations

import asyncio
import sys
import zlib

import pytest

from agentcore_cli.local.sandbox import SandboxError
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="attacks on what Linux has")

OBEDIENT = AGENTS / "obedient.py"

# In the warm parent, of which every session's first process is a fork: what that says of its agent's end is changed.
REWRITE = """
import sys
for module in list(sys.modules.values()):
    channel = getattr(module, "Channel", None)
    if channel is not None:
        honest = channel.send
        def send(self, message, *rest, honest=honest):
            if "exited" in message:
                self._connection.sendall(LIE)
            else:
                honest(self, message, *rest)
        channel.send = send
"""

LIES = {
    "text": b'{"exited": "x"}\n',
    "list-of-code": b'{"exited": {"code": [], "signal": {}}}\n',
    "deep": b'{"exited": ' + b"[" * 100_000 + b"\n",
    "answers": b'{"x": 1}\n' * 2000,
    "network": b'{"network": true}\n',
    "command": b'{"command": []}\n{"command": {"a": 1}}\n',
    "no-line": b"x" * 2_000_000,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_a_session_that_lies_about_its_end_ends(lie: bytes, stage: Stage) -> None:
    interpreter = stage.interpreter(taken_over=f"import zlib\nLIE = {_expression(lie)}\n{REWRITE}")
    source = stage.write(agent=f"import taken_over\n{OBEDIENT.read_text()}")
    session = await stage.start(stage.program(source, "agent.py", interpreter=interpreter))
    async with asyncio.timeout(60):
        assert await run_in(session, "result = 1") == 1
        await session.stop(grace=1)
        assert stage.session_folders() == []
        try:
            await session.run("true")
        except SandboxError:
            return
    raise AssertionError("a session that has ended runs a command")


def _expression(data: bytes) -> str:
    """Source of `data`, short for what repeats."""
    return f"zlib.decompress({zlib.compress(data)!r})"
