"""What guards a session besides its file system: each promise tried for real, by an agent and by commands beside it."""

from __future__ import annotations

import errno
import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.sandbox import SessionProcess
from tests.attacks import attempts
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in
from tests.long_cases import always

OBEDIENT = AGENTS / "obedient.py"
REFUSALS = {errno.EPERM, errno.EACCES}


def require(stage: Stage, *names: str) -> None:
    """Skip where this machine lacks a protection, and say which."""
    standing = {each.name: each for each in stage.sandbox.level.protections}
    for name in names:
        if not standing[name].active:
            pytest.skip(f"{name}: {standing[name].reason}")


async def shell(session: SessionProcess, text: str) -> tuple[int | None, str]:
    """A command's exit status and what it wrote, stdout and stderr."""
    command = await session.run(text)
    output = b"".join([data async for _, data in command.output()])
    ended = await command.ended
    assert ended is not None
    return ended.code, output.decode()


async def test_calls_that_reach_beyond_a_session_are_refused(stage: Stage) -> None:
    require(stage, "filter of system calls")
    session = await stage.start(stage.program(OBEDIENT))
    refused = await run_in(session, attempts.REFUSED)
    assert {name: number for name, number in refused.items() if number != errno.EPERM} == {}
    assert await run_in(session, "result = call('clone3')") == errno.ENOSYS
    assert await run_in(session, "result = _libc.syscall(ctypes.c_long(467)), ctypes.get_errno()") == [-1, 38]


async def test_a_command_is_guarded_as_its_agent_is(stage: Stage) -> None:
    require(stage, "filter of system calls", "no capabilities")
    session = await stage.start(stage.program(OBEDIENT))
    for source in (attempts.RIGHTS, attempts.REFUSED):
        here = await run_in(session, source)
        quoted = (source + "\nimport json; print(json.dumps(result))").replace("'", "'\\''")
        code, written = await shell(session, f"python3 -c '{quoted}'")
        assert code == 0, written
        assert json.loads(written) == here


async def test_a_session_has_no_capability_in_any_set_and_no_way_to_one(stage: Stage) -> None:
    require(stage, "no capabilities", "filter of system calls")
    session = await stage.start(stage.program(OBEDIENT))
    assert (await run_in(session, attempts.RIGHTS)).items() >= attempts.RIGHTS_OF_NOBODY.items()


async def test_its_init_is_not_for_a_session_to_touch(stage: Stage) -> None:
    require(stage, "filter of system calls", "processes of its own")
    session = await stage.start(stage.program(OBEDIENT))
    await run_in(session, attempts.REFUSED)
    tried = await run_in(session, attempts.INIT)
    assert {name: number for name, number in tried.items() if number not in REFUSALS} == {}
    await run_in(
        session, "import os\ntry: os.kill(-1, 2)\nexcept (KeyboardInterrupt, ProcessLookupError): pass\nresult = 1"
    )
    assert (await shell(session, "echo here")) == (0, "here\n")


@pytest.mark.parametrize("name", always("threads", "subprocess", "asyncio", "shared memory", of=list(attempts.HONEST)))
async def test_honest_programs_go_on_working(name: str, stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    assert await run_in(session, f"{attempts.HONEST[name]}\nresult = 'done'") == "done"


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
async def test_multiprocessing_goes_on_working(method: str, stage: Stage) -> None:
    script = (
        "import multiprocessing as m\n"
        "def double(x): return 2 * x\n"
        "if __name__ == '__main__':\n"
        f"    with m.get_context('{method}').Pool(3) as pool: print(sum(pool.map(double, range(50))))\n"
        f"    q = m.get_context('{method}').Queue(); q.put(1); q.get()\n"
    )
    session = await stage.start(stage.program(OBEDIENT))
    await run_in(session, f"open('work.py', 'w').write({script!r})")
    assert await shell(session, "python3 work.py") == (0, "2450\n")


@pytest.mark.parametrize("name", attempts.COMMANDS)
async def test_honest_commands_go_on_working(name: str, stage: Stage) -> None:
    if not shutil.which("python3" if name == "python" else name):
        pytest.skip(f"{name} is not installed")
    session = await stage.start(stage.program(OBEDIENT))
    code, written = await shell(session, attempts.COMMANDS[name])
    assert code == 0, written


async def test_uvloop_goes_on_working(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    assert await run_in(session, "import asyncio, uvloop\nasync def f(): return 1\nresult = uvloop.run(f())") == 1


async def test_an_abstract_socket_of_the_machine_is_out_of_reach(stage: Stage, tmp_path: Path) -> None:
    require(stage, "landlock")
    session = await stage.start(stage.program(OBEDIENT))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0agentcore-{tmp_path}")
        listener.listen()
        connect = f"import socket; socket.socket(socket.AF_UNIX).connect('\\0agentcore-{tmp_path}')"
        tried: Any = await run_in(
            session, f"try:\n    {connect}\nexcept OSError as error: result = error.errno\nelse: result = 0"
        )
        assert tried in {errno.EPERM, errno.ECONNREFUSED}  # the latter where it has a network of its own
