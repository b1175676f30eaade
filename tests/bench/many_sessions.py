"""A thousand sessions alive at once: their memory, the start of the last, is any lost, what they cost when idle."""

from __future__ import annotations

import json
import statistics
import time
import uuid
from collections.abc import Iterator
from functools import partial

from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.http_caller import Caller
from tests.bench.processes import cpu_seconds, descendants, private_bytes
from tests.bench.stage import BenchedAgent, Stage
from tests.bench.timing import seconds

MEGABYTE = 1_000_000
WINDOW = 10  # starts around the one that is looked at


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Start them one after the other, ask each a second time, then leave them alone."""
    agent, count = stage.counter, effort.sessions
    sessions = [str(uuid.uuid4()) for _ in range(count)]
    server = agent.command.json("local", "status")["pid"]
    before = _private(server)
    starts = [seconds(partial(_call, agent, session)) for session in sessions]
    each = (_private(server) - before) / count / MEGABYTE
    early, late = statistics.median(starts[5 : 5 + WINDOW]), statistics.median(starts[-WINDOW:])
    lost = sum(_call(agent, session) != 2 for session in sessions)
    cores = _idle_cores(server, effort.idle_seconds)

    alive = f"{count:,} sessions"
    yield Figure(f"{alive}: private memory each", f"{each:,.1f} MB", "", each, "MB", "at most", 12)
    growth, other = late / early, f"the 10th {milliseconds(early)}"
    yield Figure(f"{alive}: start of the last", milliseconds(late), other, growth, "x", "at most", 1.5)
    yield Figure(f"{alive}: lost", f"{lost}", "", lost, "sessions", "at most", 0)
    yield Figure(f"{alive}: processor when idle", f"{cores:.2f} cores", "", cores, "cores", "at most", 1)


def _call(agent: BenchedAgent, session: str) -> int:
    """The number of this call in its session."""
    with Caller(agent.local(session)) as caller:
        count: int = json.loads(caller.post(agent.payload))["count"]
        return count


def _private(server: int) -> int:
    """Private memory of everything below the server: warm parents, sessions and what attends them, bytes."""
    return sum(private_bytes(pid) for pid in descendants(server))


def _idle_cores(server: int, duration: float) -> float:
    """Processors kept busy by the server and all below it while nobody calls."""
    watched = [server, *descendants(server)]
    start, used = time.monotonic(), sum(map(cpu_seconds, watched))
    time.sleep(duration)
    return (sum(map(cpu_seconds, watched)) - used) / (time.monotonic() - start)
