"""What else than TCP over IPv4 a session tries on its network."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox.resolver import Resolver
from tests.addresses import own_loopback
from tests.attacks.test_network import AGENT, PUBLIC, as_root, need_private, public_port
from tests.functional.local.sandbox.stage import Stage, run_in

__all__ = ["public_port"]

IPV6 = """
import socket
result = {"addresses": [line.split()[-1] for line in open("/proc/net/if_inet6")], "reached": []}
for host in HOSTS:
    try:
        socket.create_connection((host, PORT), 5).close()
        result["reached"].append(host)
    except OSError:
        pass
try:
    socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"x", ("ff02::1%eth0", 9))
    result["reached"].append("everybody on the link")
except OSError:
    pass
"""
RAW = """
import ctypes, os, socket, struct
result = []
for kind in ((17, 3), (17, 2), (2, 3, 1), (2, 3, 255), (10, 3, 58), (2, 10), (16, 3, 0), (16, 3, 12), (2, 2, 1)):
    try:
        sock = socket.socket(*kind)
    except OSError:
        continue
    try:
        if kind[:1] == (16,):  # asks for links and filters, as programs do, and may change none
            sock.bind((0, 0))
            head = struct.pack("=IHHII", 32, 17, 5, 1, 0)  # RTM_DELLINK of eth0, acknowledged
            sock.send(head + struct.pack("=BxHiII", 0, 0, socket.if_nametoindex("eth0"), 0, 0))
            number = struct.unpack_from("=i", sock.recv(4096), 16)[0]
            if number == 0:
                result.append(kind)
        elif kind != (2, 2, 1):
            result.append(kind)
    finally:
        sock.close()
for name in ("ip_forward", "conf/all/forwarding", "conf/eth0/rp_filter"):
    try:
        open("/proc/sys/net/ipv4/" + name, "w").write("1")
        result.append(name)
    except OSError:
        pass
"""
OVER_TCP = """
import socket, struct
server = next(line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver"))
question = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0)
question += b"\\x04host\\x07example\\x04test\\0" + struct.pack(">HH", 1, 1)
with socket.create_connection((server, 53), 30) as connection:
    connection.sendall(struct.pack(">H", len(question)) + question)
    data = connection.makefile("rb")
    answer = data.read(struct.unpack(">H", data.read(2))[0])
result = socket.inet_ntoa(answer[-4:])
"""


async def test_no_way_out_by_ipv6(stage: Stage) -> None:
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")

    need_private(stage)
    session = await stage.start(stage.program(AGENT))
    with socket.create_server(("::", 0), family=socket.AF_INET6) as machine:
        port = machine.getsockname()[1]
        hosts = ["::1", "::ffff:127.0.0.1", "fe80::1%eth0", "2001:db8::1", "64:ff9b::7f00:1"]
        seen = await run_in(session, f"HOSTS, PORT = {hosts!r}, {port}\n{IPV6}")
    assert seen["reached"] == []
    assert set(seen["addresses"]) <= {"lo"}


async def test_no_raw_packets_and_no_change_of_its_links(stage: Stage) -> None:
    need_private(stage)
    session = await stage.start(stage.program(AGENT))
    assert await run_in(session, RAW) == []


@as_root
async def test_names_over_tcp_are_asked_where_this_machine_asks(tmp_path: Path) -> None:
    server = own_loopback()
    (tmp_path / "resolv.conf").write_text(f"nameserver {server}\n")
    with resolver_over_tcp(server, PUBLIC):
        async with Stage(tmp_path, resolver=Resolver(tmp_path / "resolv.conf")) as stage:
            need_private(stage)
            assert await run_in(await stage.start(stage.program(AGENT)), OVER_TCP) == PUBLIC


@contextlib.contextmanager
def resolver_over_tcp(host: str, address: str) -> Iterator[None]:
    """Answers one question with an address."""
    with socket.create_server((host, 53)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as data:
                question = data.read(struct.unpack(">H", data.read(2))[0])
                head = question[:2] + struct.pack(">HHHHH", 0x8180, 1, 1, 0, 0)
                record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + socket.inet_aton(address)
                answer = head + question[12:] + record
                connection.sendall(struct.pack(">H", len(answer)) + answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        thread.join()
