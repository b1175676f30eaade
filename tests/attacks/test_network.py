"""A session's own network: what it keeps apart, what it lets out and in, and what is left of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.contract import LOCAL_NETWORK, LOCAL_REACHABLE
from agentcore_cli.local.sandbox.resolver import Resolver
from tests import public_server
from tests.addresses import own_loopback
from tests.functional.local.sandbox.stage import AGENTS, Stage, run_in

AGENT = AGENTS / "obedient.py"
PUBLIC = public_server.ADDRESS

CONNECT = """
import socket
try:
    with socket.create_connection((HOST, PORT), 30) as connection:
        connection.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        result = connection.makefile().read().rpartition("\\n")[2] or "an empty answer"
except OSError as error:
    result = type(error).__name__
"""

FORWARDED_BEFORE = {
    path.parent.name for path in Path("/proc/sys/net/ipv4/conf").glob("*/forwarding") if path.read_text() == "1\n"
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="links and filters of the machine are root's")


def connect(host: str, port: int) -> str:
    return f"HOST, PORT = {host!r}, {port}\n{CONNECT}"


def need_private(stage: Stage) -> None:
    if reason := stage.sandbox.network_reason:
        pytest.skip(f"no private network here: {reason}")


@contextlib.contextmanager
def web_server(host: str, answer: str) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, format: str, *arguments: Any) -> None: ...

    with ThreadingHTTPServer((host, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module")
def public_port() -> Iterator[int]:
    """A server at PUBLIC, in a namespace to which this machine has a link of the test's own."""
    if not public_server.is_possible():
        pytest.skip("a stand-in for the internet takes root and iproute2")
    with public_server.public_server() as port:
        yield port


async def test_two_sessions_serve_the_same_port_of_their_loopback_and_do_not_meet(stage: Stage) -> None:
    serve = """
import socket
import builtins
builtins.kept_listener = socket.create_server(("127.0.0.1", 9123))
result = "served"
"""
    need_private(stage)
    program = stage.program(AGENT)
    one, two, three = [await stage.start(program) for _ in range(3)]
    assert await run_in(one, serve) == "served"
    assert await run_in(two, serve) == "served"
    assert await run_in(three, connect("127.0.0.1", 9123)) == "ConnectionRefusedError"


async def test_this_machines_services_are_out_of_reach(stage: Stage) -> None:
    own = {address for *_, (address, *_) in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    need_private(stage)
    session = await stage.start(stage.program(AGENT))
    with web_server("0.0.0.0", "the machine's") as port:
        for host in ("127.0.0.1", "localhost", *own, *own_addresses()):
            assert await run_in(session, connect(host, port)) == "ConnectionRefusedError", host


async def test_abstract_sockets_and_packets_are_out_of_reach(stage: Stage) -> None:
    name = f"\0agentcore-test-{os.getpid()}"
    look = f"""
import socket
result = []
try:
    socket.socket(socket.AF_UNIX).connect({name!r})
    result.append("connected")
except OSError as error:
    result.append(type(error).__name__)
links = sorted(name for _, name in socket.if_nameindex())
result.append(links)
"""
    need_private(stage)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        session = await stage.start(stage.program(AGENT))
        assert await run_in(session, look) == ["ConnectionRefusedError", ["eth0", "lo"]]


async def test_a_session_gets_out_and_other_sessions_are_out_of_reach(stage: Stage, public_port: int) -> None:
    address = f"""
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    probe.connect(({PUBLIC!r}, 1))
    result = probe.getsockname()[0]
"""
    serve = "import socket, builtins\nbuiltins.kept = socket.create_server(('', 9124))\nresult = True"
    need_private(stage)
    program = stage.program(AGENT)
    one, two = await stage.start(program), await stage.start(program)
    assert await run_in(one, connect(PUBLIC, public_port)) == "seen 198.51.100.1"
    first, second = await run_in(one, address), await run_in(two, address)
    assert first != second
    assert await run_in(two, serve)
    assert await run_in(one, connect(second, 9124)) == "ConnectionRefusedError"
    assert await run_in(one, connect("169.254.169.254", 80)) == "ConnectionRefusedError"


async def test_without_a_network_there_is_the_loopback_alone(stage: Stage, public_port: int) -> None:
    session = await stage.start(stage.program(AGENT, environment={LOCAL_NETWORK: "none"}))
    assert await run_in(session, "import socket\nresult = [name for _, name in socket.if_nameindex()]") == ["lo"]
    assert await run_in(session, connect(PUBLIC, public_port)) == "OSError"


async def test_a_shared_network_is_the_machines(stage: Stage) -> None:
    session = await stage.start(stage.program(AGENT, environment={LOCAL_NETWORK: "shared"}))
    with web_server("127.0.0.1", "the machine's") as port:
        assert await run_in(session, connect("127.0.0.1", port)) == "the machine's"


async def test_services_of_this_machines_loopback_that_variables_name_are_reached(stage: Stage) -> None:
    need_private(stage)
    with web_server("127.0.0.1", "a model") as model, web_server("127.0.0.1", "a tool") as tool:
        environment = {LOCAL_REACHABLE: f"127.0.0.1:{tool}"}
        program = stage.program(AGENT, environment=environment)
        given = {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://localhost:{model}/path"}
        session = await stage.start(program, environment=given)
        other = await stage.start(program)
        assert await run_in(session, connect("127.0.0.1", model)) == "a model"
        assert await run_in(session, connect("127.0.0.1", tool)) == "a tool"
        assert await run_in(other, connect("127.0.0.1", model)) == "ConnectionRefusedError"


async def test_the_servers_own_port_is_reached_from_inside(stage: Stage) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nthe server")
        writer.close()

    async def serve(listener: socket.socket) -> asyncio.AbstractServer:
        return await asyncio.start_server(answer, sock=listener)

    need_private(stage)
    stage.sandbox.answer_by(8757, serve)
    for network in ("private", "none"):
        program = stage.program(AGENT, environment={LOCAL_NETWORK: network})
        assert await run_in(await stage.start(program), connect("127.0.0.1", 8757)) == "the server"


@as_root
async def test_names_are_asked_where_this_machine_asks(tmp_path: Path) -> None:
    server = own_loopback()
    (tmp_path / "resolv.conf").write_text(f"nameserver {server}\nsearch example.test\n")
    with fake_resolver(server, PUBLIC):
        async with Stage(tmp_path, resolver=Resolver(tmp_path / "resolv.conf")) as stage:
            need_private(stage)
            session = await stage.start(stage.program(AGENT))
            asked = "import socket\nresult = socket.gethostbyname('host.example.test')"
            assert await run_in(session, asked) == PUBLIC
            assert "example.test" in await run_in(session, "result = open('/etc/resolv.conf').read()")


@as_root
@pytest.mark.parametrize("end", ["close", "kill"])
def test_nothing_is_left_of_a_server_that_ended_or_was_killed(tmp_path: Path, end: str) -> None:
    script = Path(__file__).with_name("network_process.py")
    process = subprocess.Popen(
        [sys.executable, script, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    if told["reason"]:
        process.communicate("end\n")
        pytest.skip(f"no private network here: {told['reason']}")
    link = told["link"]
    assert link in dict(socket.if_nameindex()).values()
    if end == "kill":
        process.send_signal(signal.SIGKILL)
    process.communicate("end\n")
    until(lambda: not left_of(link, tmp_path / "home"))


@pytest.mark.long
async def test_a_hundred_sessions(stage: Stage) -> None:
    need_private(stage)
    program = stage.program(AGENT)
    started = [await stage.start(program) for _ in range(100)]
    answers = [await run_in(session, "import socket\nresult = len(socket.if_nameindex())") for session in started]
    assert answers == [2] * 100


def own_addresses() -> list[str]:
    if shutil.which("ip") is None:
        return []
    shown = json.loads(subprocess.run(["ip", "-j", "-4", "addr"], check=True, capture_output=True).stdout)
    return [one["local"] for link in shown if link["ifname"] != "lo" for one in link.get("addr_info", ())]


def left_of(link: str, home: Path) -> list[str]:
    """What a gateway has left on this machine. Others may run meanwhile, and need links that forward."""
    nft = shutil.which("nft")
    tables = subprocess.run([nft, "list", "tables"], capture_output=True, text=True, check=True).stdout if nft else ""
    links = list(dict(socket.if_nameindex()).values())
    left = [link] if link in links else []
    left += [line for line in tables.splitlines() if link in line]
    left += ["record"] if (home / "network").exists() else []
    if not any(name.startswith("agc") for name in links) and not forwards("all"):
        left += [name for name in links if forwards(name) and name not in FORWARDED_BEFORE]
    return left


def forwards(link: str) -> bool:
    return Path(f"/proc/sys/net/ipv4/conf/{link}/forwarding").read_text().strip() == "1"


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


@contextlib.contextmanager
def fake_resolver(host: str, address: str) -> Iterator[None]:
    """Answers every question for an address with the same one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 53))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    question, asker = sock.recvfrom(512)
                    if not question:
                        return
                    end = question.index(b"\0", 12) + 5
                    head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0)
                    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + socket.inet_aton(address)
                    sock.sendto(head + question[12:end] + record, asker)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        sock.sendto(b"", (host, 53))
        thread.join()
