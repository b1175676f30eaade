"""Servers of one machine that make networks side by side, and what else uses the machine's links."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox.network import link_name
from tests import public_server
from tests.attacks.test_network import AGENT, PUBLIC, as_root, connect, need_private, public_port, until, web_server
from tests.functional.local.sandbox.stage import Stage, run_in

__all__ = ["public_port"]

OWN_ADDRESS = f"""
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    probe.connect(({PUBLIC!r}, 1))
    result = probe.getsockname()[0]
"""

pytestmark = as_root


async def test_two_servers_side_by_side_keep_their_sessions_apart(tmp_path: Path, public_port: int) -> None:
    """Each with links and filters of its own; the end of one leaves the other its way out."""
    serve = """
import builtins, socket
builtins.kept = socket.create_server(("", 9125))
kept.setblocking(False)
result = True
"""
    came = """
try:
    result = kept.accept()[1]
except BlockingIOError:
    result = None
"""

    async with Stage(tmp_path / "one") as one:
        need_private(one)
        first = await one.start(one.program(AGENT))
        async with Stage(tmp_path / "other") as other:
            second = await other.start(other.program(AGENT))
            assert link_name(one.home) != link_name(other.home)
            here, there = await run_in(first, OWN_ADDRESS), await run_in(second, OWN_ADDRESS)
            assert here.rsplit(".", 2)[0] != there.rsplit(".", 2)[0]
            assert await run_in(second, serve)
            with web_server("0.0.0.0", "the machine's") as port:
                await run_in(first, connect(there, 9125))  # who answers, if anybody, is beyond this machine
                assert await run_in(second, came) is None
                assert await run_in(first, connect("127.0.0.1", port)) == "ConnectionRefusedError"
            for session in (first, second):
                assert await run_in(session, connect(PUBLIC, public_port)) == "seen 198.51.100.1"
        assert await run_in(first, connect(PUBLIC, public_port)) == "seen 198.51.100.1"


async def test_servers_that_start_at_once_all_have_a_way_out_of_their_own(tmp_path: Path, public_port: int) -> None:
    async with contextlib.AsyncExitStack() as started:
        made = await asyncio.gather(*(asyncio.to_thread(Stage, tmp_path / str(number)) for number in range(8)))
        stages = [await started.enter_async_context(stage) for stage in made]
        need_private(stages[0])
        sessions = await asyncio.gather(*(stage.start(stage.program(AGENT)) for stage in stages))
        addresses = [await run_in(session, OWN_ADDRESS) for session in sessions]
        assert len({address.rsplit(".", 2)[0] for address in addresses}) == len(stages), addresses
        answers = await asyncio.gather(*(run_in(session, connect(PUBLIC, public_port)) for session in sessions))
        assert answers == ["seen 198.51.100.1"] * len(stages)


def test_the_link_of_another_server_is_that_servers(tmp_path: Path) -> None:
    with machine(tmp_path) as pid:
        assert forwards(pid, "lan")
        add_link(pid, "agcother", "203.0.113.1")
        add_link(pid, "later", "203.0.113.129")
        until(lambda: forwards(pid, "later"))
        assert not forwards(pid, "agcother")


def test_a_machine_that_forwards_as_a_whole_goes_on_to_do_so(tmp_path: Path) -> None:
    """As one on which Docker is started later. Until then nothing passes that would not pass without the server."""
    with contextlib.ExitStack() as ends:
        server = ends.enter_context(contextlib.ExitStack())
        pid = server.enter_context(machine(tmp_path))
        holder = ends.enter_context(network("--target", str(pid)))
        add_link(pid, "containers", "203.0.113.129")
        caller = ends.enter_context(neighbour(pid, "lan-far", "203.0.113.2", "203.0.113.1"))
        called = ends.enter_context(neighbour(pid, "containers-far", "203.0.113.130", "203.0.113.129"))
        until(lambda: forwards(pid, "containers"))
        assert not reaches(caller, called, "203.0.113.130")
        run(pid, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        until(lambda: reaches(caller, called, "203.0.113.130"))
        server.close()
        assert forwards(holder, "lan")
        assert forwards(holder, "containers")
        assert reaches(caller, called, "203.0.113.130")


def test_a_machine_forwards_no_longer_when_the_server_has_ended(tmp_path: Path) -> None:
    with contextlib.ExitStack() as ends:
        with machine(tmp_path) as pid:
            holder = ends.enter_context(network("--target", str(pid)))
            assert forwards(holder, "lan")
        assert not forwards(holder, "lan")


@contextlib.contextmanager
def machine(tmp_path: Path) -> Iterator[int]:
    """A server in a network of its own, as if it were a machine's, with the link `lan`: the id of its process."""
    if not public_server.is_possible():
        pytest.skip("links take root and iproute2")
    start = "echo 0 > /proc/sys/net/ipv4/ip_forward; ip link set lo up; ip link add lan type veth peer name lan-far"
    start += "; ip link set lan-far up; ip addr add 203.0.113.1/25 dev lan; ip link set lan up"
    start += '; exec "$0" "$@"'
    script = Path(__file__).with_name("network_process.py")
    command = ["unshare", "--net", "sh", "-ec", start, sys.executable, str(script), str(tmp_path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if reason := json.loads(process.stdout.readline())["reason"]:
            pytest.skip(f"no private network here: {reason}")
        yield process.pid
    finally:
        process.communicate("end\n")


@contextlib.contextmanager
def network(*entered: str) -> Iterator[int]:
    """A process that holds a network: that of the process `--target`, or else a new one."""
    command = ["nsenter", "--net", *entered] if entered else ["unshare", "--net"]
    with subprocess.Popen(
        [*command, "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as it:
        assert it.stdout is not None
        it.stdout.readline()
        yield it.pid
        it.communicate()


@contextlib.contextmanager
def neighbour(pid: int, link: str, address: str, gateway: str) -> Iterator[int]:
    """Another machine at the far end of a link."""
    with network() as there:
        run(pid, "ip", "link", "set", link, "netns", str(there))
        run(there, "ip", "addr", "add", f"{address}/25", "dev", link)
        run(there, "ip", "link", "set", link, "up")
        run(there, "ip", "route", "add", "default", "via", gateway)
        yield there


def add_link(pid: int, name: str, address: str) -> None:
    run(pid, "ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}-far")
    run(pid, "ip", "link", "set", f"{name}-far", "up")
    run(pid, "ip", "link", "set", name, "up")
    run(pid, "ip", "addr", "add", f"{address}/25", "dev", name)


def forwards(pid: int, link: str) -> bool:
    return run(pid, "cat", f"/proc/sys/net/ipv4/conf/{link}/forwarding") == "1\n"


def reaches(caller: int, called: int, address: str) -> bool:
    """Whether a datagram arrives within a second."""
    receive = "import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(('', 7)); print(flush=True)"
    receive += "; s.settimeout(1); print(s.recv(9) == b'here')"
    command = ["nsenter", "--net", "--target", str(called), sys.executable, "-c", receive]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as receiver:
        assert receiver.stdout is not None
        receiver.stdout.readline()
        send = f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'here', ({address!r}, 7))"
        run(caller, sys.executable, "-c", send)
        return "True" in receiver.stdout.read()


def run(pid: int, *command: str) -> str:
    """Run a command in the network of a process."""
    return subprocess.run(
        ["nsenter", "--net", "--target", str(pid), *command], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
