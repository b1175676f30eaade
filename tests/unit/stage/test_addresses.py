"""Ports for servers that choose none by themselves."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.addresses import free_port, own_loopback


def test_it_is_none_that_the_kernel_gives_to_connections() -> None:
    given = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not given.exists():
        pytest.skip("only Linux tells which those are")
    first, last = map(int, given.read_text().split())
    assert not first <= free_port() <= last


def test_whoever_asks_next_gets_another() -> None:
    assert len({free_port() for _ in range(100)}) == 100


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere other processes are not asked")
def test_so_does_another_process() -> None:
    port = free_port()
    ask = f"from tests.addresses import free_port; free_port(range({port}, {port + 1}))"
    asked = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    assert "no port is free" in asked.stderr


def test_one_that_is_taken_is_no_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match="no port is free"):
            free_port(range(port, port + 1))


def test_an_address_of_loopback_can_be_bound() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((own_loopback(), 0))
