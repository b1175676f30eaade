"""What an agent that does not come to serve does instead: it refuses its pings, or listens somewhere else.

A slow start is not cut: only what was seen ends the wait for an agent (see `provisioning`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from agentcore_cli.contract import PROTOCOLS, Protocol

REFUSING_SECONDS: Final = 2.0
ELSEWHERE_SECONDS: Final = 5.0
IDLE_SHARE: Final = 0.05  # of one processor: a server that waits for connections uses less
_PASSING: Final = frozenset({408, 421, 425, 429})  # statuses that say: later
_LISTENS, _CONNECTED = "0A", "01"  # /proc/net/tcp's states (Linux, include/net/tcp_states.h)
_ADD_PING: Final = """\
FastAPI, Flask:  @app.get("/ping")
                 def ping(): return {"status": "Healthy"}
Starlette:       app.add_route("/ping", lambda request: JSONResponse({"status": "Healthy"}))"""
_A2A: Final = "\nStrands:         app = A2AServer(…).to_fastapi_app(), and uvicorn.run(app, …) instead of serve()"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong, in one sentence, and lines that mend it, if there are some to show."""

    message: str
    lines: str = ""


def is_final(status: int) -> bool:
    """Whether more time does not turn this answer to a ping into 200; a server's own errors may pass."""
    return 300 <= status < 500 and status not in _PASSING


def is_wsgi(log: Iterable[str]) -> bool:
    """Whether a log shows a WSGI app that an ASGI server calls."""
    return any("start_response" in line and "TypeError" in line for line in log)


def refused(status: int, protocol: Protocol, log: Iterable[str]) -> Advice:
    """What to say of an agent that answers its pings with something other than 200."""
    health = PROTOCOLS[protocol].health
    if is_wsgi(log):
        return Advice(
            "The agent is a WSGI app (Flask, Django), but an ASGI server runs it. Start the file itself, with "
            f'app.run(host="0.0.0.0", port={PROTOCOLS[protocol].port}) at its end: agentcore configure -e FILE.py'
        )
    return Advice(
        f"The server answers {status} to GET {health}, which {protocol} on AgentCore needs to be 200.",
        _ADD_PING + (_A2A if protocol == "A2A" else ""),
    )


def elsewhere(ports: Iterable[int], protocol: Protocol, port: int) -> Advice:
    """What to say of an agent that listens on these ports, and is not heard on its own."""
    found = sorted(ports)
    if port in found:
        return Advice(
            f"The agent listens on port {port} with a server that is not Python's (sockets of C, Rust or Go), which "
            "the local runtime does not reach in a process: run it in a container."
        )
    others = [name for name, contract in PROTOCOLS.items() if contract.port in found and contract.port != port]
    guess = f" If it is an {others[0]} server: agentcore configure --protocol {others[0]}." if others else ""
    listed = " and ".join(map(str, found))
    return Advice(f"The agent listens on port {listed}, but {protocol} on AgentCore needs {port}.{guess}")


@dataclass(frozen=True, slots=True)
class Look:
    """A process at one moment: the TCP ports that it listens on itself, and whether it may be about to do more."""

    ports: frozenset[int]
    at_work: bool  # its main thread runs or reads a disk, it has children, or a connection
    processor_seconds: float


def look(pid: int) -> Look:
    """Look at a process of this machine. Raises OSError when it is gone or not to be looked at."""
    state, processor_seconds = _state(pid)
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        has_children = bool(file.read().strip())
    sockets = _sockets(pid)
    mine = [(port, condition) for port, condition, inode in _connections(pid) if inode in sockets]
    ports = frozenset(port for port, condition in mine if condition == _LISTENS)
    at_work = state != "S" or has_children or any(condition == _CONNECTED for _, condition in mine)
    return Look(ports, at_work, processor_seconds)


def _state(pid: int) -> tuple[str, float]:
    """The main thread's state, and the processor time of all threads (proc_pid_stat(5))."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _sockets(pid: int) -> set[str]:
    """The inodes of the sockets that a process has open."""
    found = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(entry.path)
        except FileNotFoundError:
            continue  # closed since
        if target.startswith("socket:["):
            found.add(target[len("socket:[") : -1])
    return found


def _connections(pid: int) -> Iterator[tuple[int, str, str]]:
    """Local port, state and inode of each TCP socket in a process's network (proc_pid_net(5))."""
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{table}") as file:
                rows = file.read().splitlines()[1:]
        except FileNotFoundError:
            continue  # a kernel without IPv6
        for row in rows:
            fields = row.split()
            yield int(fields[1].rpartition(":")[2], 16), fields[3], fields[9]


@dataclass(slots=True)
class Watch:
    """Looks at one process again and again. `ports` are those of the last look."""

    ports: frozenset[int] = frozenset()
    _first: Look | None = None
    _since: float = 0.0

    def is_settled(self, seen: Look, now: float) -> bool:
        """Whether the process has listened and done nothing else since `ELSEWHERE_SECONDS` before `now`."""
        self.ports = seen.ports
        first = self._first
        if not seen.ports or seen.at_work or first is None or first.ports != seen.ports:
            self._begin(seen, now)
            return False
        if now - self._since < ELSEWHERE_SECONDS:
            return False
        if seen.processor_seconds - first.processor_seconds <= IDLE_SHARE * (now - self._since):
            return True
        self._begin(seen, now)
        return False

    def _begin(self, seen: Look, now: float) -> None:
        self._first = None if seen.at_work else seen
        self._since = now


@dataclass(slots=True)
class Refusals:
    """The answers to one agent's pings. `status` is the last one's, None when it gave none."""

    status: int | None = None
    _since: float = 0.0

    def has_lasted(self, status: int, now: float) -> bool:
        """Note an answer that was not 200: whether it has been the same for `REFUSING_SECONDS`."""
        if status != self.status:
            self.status, self._since = status, now
        return now - self._since >= REFUSING_SECONDS
