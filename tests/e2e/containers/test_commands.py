"""Shell commands in a session's container, below the data plane."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from agentcore_cli.local.containers import Container, Containers, ImageProgram
from agentcore_cli.local.home import Home
from agentcore_cli.local.sandbox import Exit, SandboxError, SessionSpec

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def container(runner: asyncio.Runner, home: Home, image: str) -> Iterator[Container]:
    containers = Containers(home)
    program = ImageProgram("bot-0123456789/1", image.partition("@")[2], {"A": "b"}, 8080, "amd64")
    try:
        yield runner.run(containers.start(program, SessionSpec("s1", {}, home.logs / "s1.log")))
    finally:
        runner.run(containers.close())


async def outcome(container: Container, text: str) -> tuple[bytes, bytes, Exit | None]:
    """stdout, stderr and the end of a command."""
    command = await container.run(text)
    written = {"stdout": b"", "stderr": b""}
    async for stream, data in command.output():
        written[stream] += data
    return written["stdout"], written["stderr"], command.ended.result()


async def test_a_command_runs_as_the_agent_does(container: Container) -> None:
    assert await outcome(container, "pwd; id -u; echo $A $OF_IMAGE") == (
        b"/app\n10001\nb yes\n",
        b"",
        Exit(0, None),
    )
    assert await outcome(container, "echo no >&2; exit 7") == (b"", b"no\n", Exit(7, None))
    assert (await outcome(container, "echo 'a \"b\" $c'"))[0] == b'a "b" $c\n'
    assert (await outcome(container, "ls /app/agent.py"))[0] == b"/app/agent.py\n"


async def test_much_output_comes_whole(container: Container) -> None:
    assert (await outcome(container, "head -c 3000000 /dev/zero"))[0] == bytes(3_000_000)


async def test_a_killed_command_takes_its_children_along(container: Container) -> None:
    command = await container.run("echo begun; sleep 600 | sleep 601")
    async for stream, data in command.output():
        assert (stream, data) == ("stdout", b"begun\n")
        await command.kill()
    assert command.ended.result() == Exit(None, 9)
    left = "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done"
    assert b"sleep 60" not in (await outcome(container, left))[0]


async def test_what_goes_on_in_the_background_is_not_waited_for(container: Container) -> None:
    assert await outcome(container, "sleep 600 & echo done") == (b"done\n", b"", Exit(0, None))


async def test_the_containers_end_ends_a_command(container: Container) -> None:
    command = await container.run("echo begun; sleep 600")
    async for _ in command.output():
        await container.stop(grace=0)
    assert command.ended.result() in (None, Exit(None, 9))
    with pytest.raises(SandboxError, match="could not be started"):
        await container.run("true")
