"""What guards a session besides what it sees of the file system: walls that a process builds around itself.

Each is built in a process that is about to become the session's, in the order of `GUARDS`, and stays for all that it
will start. `try_all` builds them once, for real, in a process that ends then: what the machine refuses is told there,
and is not asked of sessions.
"""

import socket
import sys
from collections.abc import Callable
from typing import NamedTuple

from .channel import Channel

if sys.platform == "linux":
    from . import kernel


class Guard(NamedTuple):
    name: str
    """As a person reads it in the list of protections."""
    build: "Callable[[], None]"
    """Raises OSError when the kernel refuses."""


def no_new_privileges() -> None:
    """No program that is executed from here on gives more rights than its caller had (setuid, file capabilities)."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


GUARDS = (Guard("no new privileges", no_new_privileges),)


def try_all() -> "list[dict[str, str]]":
    """Build all of them around this process: `name`, and as `reason` what was refused, or nothing."""
    return [{"name": guard.name, "reason": _refusal(guard)} for guard in GUARDS]


def probe(connection: socket.socket) -> None:
    """Where there are no namespaces: answer `{"error": null}` and the `guards` that can be built all the same."""
    channel = Channel(connection)
    channel.receive()
    channel.send({"error": None, "guards": try_all()})


def _refusal(guard: Guard) -> str:
    if sys.platform != "linux":
        return f"{sys.platform} has none"
    try:
        guard.build()
    except OSError as refused:
        return str(refused)
    return ""
