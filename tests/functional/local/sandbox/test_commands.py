"""Shell commands inside a session: the agent's own surroundings, and commands that misbehave."""

from __future__ import annotations

import asyncio

import pytest

from agentcore_cli.local.sandbox import Exit, SandboxError, SessionProcess
from agentcore_cli.local.sandbox.isolation import Isolation
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in
from tests.turns import TELL, UNTIL_TOLD

OBEDIENT = AGENTS / "obedient.py"


async def run(session: SessionProcess, text: str) -> tuple[Exit | None, str, str]:
    """A whole command: how it ended, its stdout and its stderr."""
    command = await session.run(text)
    written = {"stdout": b"", "stderr": b""}
    async for stream, data in command.output():
        written[stream] += data
    return command.ended.result(), written["stdout"].decode(), written["stderr"].decode()


async def test_it_runs_where_the_agent_does(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT, environment={"COLOUR": "red"}), environment={"TOKEN": "t"})
    source = (
        "import os\nopen('here', 'w').write('agent')\nopen('/tmp/there', 'w').write('agent')\n"
        "result = {name: os.environ[name] for name in ('HOME', 'TMPDIR', 'PATH', 'COLOUR', 'TOKEN')} | "
        "{'pwd': os.getcwd(), 'pids': os.readlink('/proc/self/ns/pid'), 'mounts': os.readlink('/proc/self/ns/mnt')}"
    )
    there = await run_in(session, source)
    shown = await run(session, "cat here /tmp/there && echo && env && readlink /proc/self/ns/pid /proc/self/ns/mnt")
    assert shown[0] == Exit(0, None)
    lines = shown[1].splitlines()
    assert lines[0] == "agentagent"
    assert lines[-2:] == [there.pop("pids"), there.pop("mounts")]
    seen = dict(line.split("=", 1) for line in lines[1:-2])
    assert {name: seen[name] for name in ("HOME", "TMPDIR", "PATH", "COLOUR", "TOKEN")} | {"pwd": seen["PWD"]} == there
    await run(session, "echo shell > from-the-shell")
    assert await run_in(session, "result = open('from-the-shell').read()") == "shell\n"


@pytest.mark.parametrize(
    ("text", "end"),
    [
        pytest.param("exit 7", Exit(7, None), id="its own status"),
        pytest.param("no-such-program", Exit(127, None), id="no such program"),
        pytest.param("kill -TERM $$", Exit(None, 15), id="a signal"),
        pytest.param("exec >&- 2>&-; sleep 0.1; exit 4", Exit(4, None), id="after it closed its output"),
        pytest.param("yes | head -1 >/dev/null; exit ${PIPESTATUS[0]}", Exit(141, None), id="SIGPIPE works as usual"),
    ],
)
async def test_how_it_ends(stage: Stage, text: str, end: Exit) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    assert (await run(session, text))[0] == end


async def test_its_rights_are_no_more_than_the_agents(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    names = "CapEff|CapPrm|CapBnd|NoNewPrivs"
    source = f"import re\nresult = re.findall('(?:{names}).*', open('/proc/self/status').read())"
    assert (await run(session, f"grep -E '^({names})' /proc/self/status"))[1].splitlines() == await run_in(
        session, source
    )
    groups = await run_in(session, "result = open('/proc/self/cgroup').read()")
    assert (await run(session, "cat /proc/self/cgroup /proc/self/oom_score_adj"))[1] == f"{groups}500\n"
    assert (await run(session, "ls /proc/self/fd"))[1].split() == ["0", "1", "2", "3"]


async def test_output_comes_as_it_is_written(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    command = await session.run(f"echo one; {UNTIL_TOLD}; echo two >&2")
    pieces = aiter(command.output())
    assert await anext(pieces) == ("stdout", b"one\n")
    await run(session, TELL)
    assert [piece async for piece in pieces] == [("stderr", b"two\n")]


async def test_a_long_command_and_a_long_output(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    end, out, errors = await run(session, f"head -c 3000000 /dev/zero | tr '\\0' x; : {'y' * 65_000}")
    assert (end, len(out), errors) == (Exit(0, None), 3_000_000, "")


async def test_many_at_once_beside_the_agent(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    several = asyncio.gather(*(run(session, f"{UNTIL_TOLD}; echo {number}") for number in range(20)))
    assert await run_in(session, "result = 'not kept waiting'") == "not kept waiting"
    await run(session, TELL)
    assert [out for _, out, _ in await several] == [f"{number}\n" for number in range(20)]


async def test_a_child_that_outlives_it_does_not_keep_it(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    assert (await run(session, "yes & setsid sleep 7700 & echo started"))[0] == Exit(0, None)
    assert "sleep 7700" in (await run(session, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))[1]


async def test_a_kill_reaches_the_whole_group(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    command = await session.run("trap '' TERM; (trap '' TERM; echo on; sleep 78; :) & sleep 78; :")
    output = command.output()
    assert await anext(output) == ("stdout", b"on\n")
    await command.kill()
    assert [piece async for piece in output] == []
    assert command.ended.result() == Exit(None, 9)
    await command.kill()
    async with asyncio.timeout(30):  # the command is over with its shell; the others of its group die on their own
        while "sleep 78" in (await run(session, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"))[1]:
            pass


@pytest.mark.parametrize(
    "isolation",
    [None, pytest.param(Isolation(None, overlay=False, reason="refused by the test"), id="processes alone")],
)
async def test_it_ends_with_its_session(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    command = await session.run("trap '' TERM; echo on; sleep 1000; :")
    output = command.output()
    assert await anext(output) == ("stdout", b"on\n")
    await session.stop(grace=0.1)
    assert await asyncio.wait_for(_all(output), 60) == []
    assert command.ended.result() is None
    with pytest.raises(SandboxError, match="the session has ended"):
        await session.run("true")


async def test_it_outlasts_nothing_when_the_agent_exits(stage: Stage) -> None:
    session = await stage.start(stage.program(OBEDIENT))
    command = await session.run("sleep 1000")
    await asyncio.sleep(0.1)
    with pytest.raises(ConnectionError):
        await run_in(session, "import os\nos._exit(3)")
    assert [piece async for piece in command.output()] == []
    assert command.ended.result() is None
    assert (await session.exited) == Exit(3, None)


async def _all(output: object) -> list[object]:
    return [piece async for piece in output]  # type: ignore[attr-defined]
