"""What an agent that does not come to serve does instead: it refuses its pings, listens somewhere else, or has ended.

A slow start is not cut: only what was seen ends the wait for an agent (see `provisioning`). A process that listens and
waits for callers has settled after a second; one that listens and sleeps, or waits for something else, may be at a
pause of its start and gets more time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from agentcore_cli.contract import PROTOCOLS, Protocol

REFUSING_SECONDS: Final = 1.0
ELSEWHERE_SECONDS: Final = 1.0  # of a process that waits for callers
PAUSING_SECONDS: Final = 5.0  # of one that may go on by itself
IDLE_SHARE: Final = 0.05  # of one processor: a server that waits for connections uses less
_PASSING: Final = frozenset({408, 421, 425, 429})  # statuses that say: later
# Where Linux says that a thread sleeps which waits for callers (proc_pid_wchan(5)): epoll, poll, select, accept.
_WAITS: Final = ("epoll_wait", "ep_poll", "poll_schedule_timeout", "sys_poll", "do_select", "_accept")
_LOOPBACK_6: Final = "00000000000000000000000001000000"  # ::1, four bytes at a time the other way round
_LISTENS, _CONNECTED = "0A", "01"  # /proc/net/tcp's states (Linux, include/net/tcp_states.h)
_ADD_PING: Final = """\
FastAPI, Flask:  @app.get("/ping")
                 def ping(): return {"status": "Healthy"}
Starlette:       app.add_route("/ping", lambda request: JSONResponse({"status": "Healthy"}))"""
_A2A: Final = "\nStrands:         app = A2AServer(…).to_fastapi_app(), and uvicorn.run(app, …) instead of serve()"

_RUN: Final = """\
SDK:                 app.run() at the end of the file
FastAPI, Starlette:  uvicorn.run(app, host="0.0.0.0", port=8080) there; or agentcore configure --entrypoint MODULE:app
Flask:               app.run(host="0.0.0.0", port=8080)"""
_STARTS: Final[dict[Protocol, str]] = {
    "HTTP": _RUN,
    "MCP": (
        'FastMCP of mcp:      mcp = FastMCP(…, host="0.0.0.0"), and at the end mcp.run(transport="streamable-http")\n'
        'fastmcp, MCPServer:  mcp.run(transport="streamable-http", host="0.0.0.0", port=8000)'
    ),
    "A2A": 'at the end of the file:\nuvicorn.run(app, host="0.0.0.0", port=9000)',
    "AGUI": _RUN,
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What is wrong, in one sentence, and lines that mend it, if there are some to show."""

    message: str
    lines: str = ""


def is_final(status: int) -> bool:
    """Whether more time does not turn this answer to a ping into 200; a server's own errors may pass."""
    return 300 <= status < 500 and status not in _PASSING


def is_mcp(log: Iterable[str]) -> bool:
    """Whether a log shows an MCP server (mcp's own line, which FastMCP's servers have too)."""
    return any("StreamableHTTP session manager started" in line for line in log)


def is_stdio(log: Iterable[str]) -> bool:
    """Whether a log shows an MCP server that speaks over stdin: FastMCP's own words, or a failure in there."""
    return any(name in line for line in log for name in ("transport 'stdio'", "run_stdio_async", "stdio_server"))


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
    if protocol != "MCP" and is_mcp(log):
        return Advice(
            f"The agent is an MCP server, and it is configured as {protocol}: agentcore configure --protocol MCP, and "
            f"port={PROTOCOLS['MCP'].port} in its code."
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
            f"The agent listens on port {port} with a server that is not Python's, or with a Python that was started "
            "by -I or with variables of its own; where sessions share this machine's network, callers are not led "
            "there: agentcore deploy --local --build docker runs it in a container.",
            "a Python that the agent starts is reached when its variables go along: env={**os.environ, ...}, no -I",
        )
    others = [name for name, contract in PROTOCOLS.items() if contract.port in found and contract.port != port]
    guess = f" If it is an {others[0]} server: agentcore configure --protocol {others[0]}." if others else ""
    listed = " and ".join(map(str, found))
    return Advice(
        f"The agent listens on port {listed}, but {protocol} on AgentCore needs {port}.{guess}",
        f"write port={port} where the server is started; for code that reads the variable PORT, which AgentCore does "
        f"not set: agentcore configure --env PORT={port}",
    )


def nowhere(protocol: Protocol, port: int, doing: str) -> Advice:
    """What to say of an agent that has not come to listen at all."""
    return Advice(f"It does not listen on port {port}, nor on any other; {doing}.", _STARTS[protocol])


def ended(protocol: Protocol, log: Iterable[str], *, is_success: bool) -> Advice:
    """What to say of an agent whose program came to its end before it served; nothing of one that just failed."""
    if is_stdio(log):
        return Advice(
            "It is an MCP server that speaks over stdin, which is empty here and on AWS: mcp.run() needs a transport.",
            _STARTS["MCP"],
        )
    if not is_success:
        return Advice("")
    return Advice(f"It came to its end and nothing listens on port {PROTOCOLS[protocol].port}.", _STARTS[protocol])


@dataclass(frozen=True, slots=True)
class Look:
    """A process and its descendants at one moment: the TCP ports that they listen on, whether they may be about to do
    more, and whether one that listens waits for callers.
    """

    ports: frozenset[int]
    at_work: bool  # a main thread runs or reads a disk, or there is a connection
    processor_seconds: float
    waits: bool = False
    on_loopback: frozenset[int] = frozenset()  # of the ports, those that listen nowhere else
    is_connected: bool = False

    def __add__(self, other: Look) -> Look:
        elsewhere = (self.ports - self.on_loopback) | (other.ports - other.on_loopback)
        return Look(
            self.ports | other.ports,
            self.at_work or other.at_work,
            self.processor_seconds + other.processor_seconds,
            self.waits or other.waits,
            (self.on_loopback | other.on_loopback) - elsewhere,
            self.is_connected or other.is_connected,
        )


def look(pid: int) -> Look:
    """Look at a process of this machine. Raises OSError when it is gone or not to be looked at."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = file.read().split()
    return sum(map(look, map(int, children)), start=_look_at(pid))


def _look_at(pid: int) -> Look:
    state, processor_seconds = _state(pid)
    sockets = _sockets(pid)
    mine = [each for each in _connections(pid) if each.inode in sockets]
    listening = [each for each in mine if each.condition == _LISTENS]
    ports = frozenset(each.port for each in listening)
    reached = frozenset(each.port for each in listening if not each.is_on_loopback)
    is_connected = any(each.condition == _CONNECTED for each in mine)
    at_work = state != "S" or is_connected
    return Look(ports, at_work, processor_seconds, bool(ports) and _waits(pid), ports - reached, is_connected)


def _waits(pid: int) -> bool:
    """Whether a process's main thread waits for callers; so it is said, too, where the system does not tell."""
    try:
        with open(f"/proc/{pid}/wchan") as file:
            place = file.read()
    except OSError:
        return True
    return place in ("", "0") or any(name in place for name in _WAITS)


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


class _Socket(NamedTuple):
    """A TCP socket at its end here, as proc_pid_net(5) has it."""

    address: str
    port: int
    condition: str
    inode: str

    @property
    def is_on_loopback(self) -> bool:
        """127.0.0.0/8, its bytes the other way round, or ::1."""
        return self.address.endswith("7F") if len(self.address) == 8 else self.address == _LOOPBACK_6


def _connections(pid: int) -> Iterator[_Socket]:
    """Each TCP socket in a process's network."""
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/{pid}/net/{table}") as file:
                rows = file.read().splitlines()[1:]
        except FileNotFoundError:
            continue  # a kernel without IPv6
        for row in rows:
            fields = row.split()
            address, _, port = fields[1].rpartition(":")
            yield _Socket(address, int(port, 16), fields[3], fields[9])


@dataclass(slots=True)
class WhereaboutsWatch:
    """Looks at one agent again and again. `ports` are those of the last look."""

    ports: frozenset[int] = frozenset()
    _first: Look | None = None
    _since: float = 0.0
    _waits_since: float | None = None

    is_at_work: bool = False
    is_connected: bool = False
    _last: tuple[float, float] | None = None  # when it was looked at, and the processor time that it had had

    def is_settled(self, seen: Look, now: float) -> bool:
        """Whether the agent has listened and done nothing else for `ELSEWHERE_SECONDS`, or `PAUSING_SECONDS`.

        Ports and threads are not looked at in one moment: what waits at one look alone may have begun to listen.
        """
        self._note(seen, now)
        if not seen.waits:
            self._waits_since = None
        elif self._waits_since is None:
            self._waits_since = now
        first = self._first
        if not seen.ports or seen.at_work or first is None or first.ports != seen.ports:
            self._begin(seen, now)
            return False
        waited = 0.0 if self._waits_since is None else now - max(self._since, self._waits_since)
        if waited < ELSEWHERE_SECONDS and now - self._since < PAUSING_SECONDS:
            return False
        if seen.processor_seconds - first.processor_seconds <= IDLE_SHARE * (now - self._since):
            return True
        self._begin(seen, now)
        return False

    def doing(self) -> str:
        """What the agent did at the last look instead of serving, in a person's words."""
        if self.is_connected:
            return "it is connected with somebody else"
        return "it is at work" if self.is_at_work else "it sleeps"

    def _note(self, seen: Look, now: float) -> None:
        before, used = self._last or (now, seen.processor_seconds)
        has_computed = seen.processor_seconds - used > IDLE_SHARE * (now - before)
        self.is_at_work = has_computed or (seen.at_work and not seen.is_connected)
        self.ports, self.is_connected = seen.ports, seen.is_connected
        self._last = (now, seen.processor_seconds)

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
