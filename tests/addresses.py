"""Ports and addresses of loopback that nobody else takes meanwhile."""

from __future__ import annotations

import contextlib
import os
import random
import socket
from typing import Final

_PORTS: Final = range(20_000, 32_000)  # below those that the kernel gives to connections (net.ipv4.ip_local_port_range)
_ours: list[socket.socket] = []


def free_port(ports: range = _PORTS) -> int:
    """A TCP port for a server that chooses none by itself, which may start only seconds later.

    One that the kernel gave to a probe would be given to any connection of the machine meanwhile. Of the processes that
    ask here none gets another's: whoever has a port holds its name until it ends.
    """
    first = random.SystemRandom().randrange(len(ports))
    for number in range(len(ports)):
        if _claimed(port := ports[(first + number) % len(ports)]):
            return port
    raise RuntimeError("no port is free")


def own_loopback() -> str:
    """An address of loopback that is this process's: a resolver's port is fixed."""
    pid = os.getpid()
    return f"127.{77 + (pid >> 16) % 100}.{pid >> 8 & 255}.{pid & 255}"


def _claimed(port: int) -> bool:
    with contextlib.ExitStack() as undo:
        if hasattr(socket, "AF_UNIX") and os.path.exists("/proc/self"):  # Linux alone has names without files
            name = undo.enter_context(socket.socket(socket.AF_UNIX))
            try:
                name.bind(f"\0agentcore-tests-{port}")
            except OSError:
                return False
            _ours.append(name)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
        undo.pop_all()
    return True
