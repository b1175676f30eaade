"""What a network of its own costs a session: at its start, and with each request that leaves it."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from agentcore_cli.contract import LOCAL_NETWORK
from agentcore_cli.local.sandbox import Program
from tests import public_server
from tests.bench.effort import Effort
from tests.bench.figure import Figure, Missing, milliseconds
from tests.bench.stage import Stage
from tests.functional.local.sandbox.stage import AGENTS, run_in
from tests.functional.local.sandbox.stage import Stage as SandboxStage

ROUNDS = 3  # in which the two take turns
REQUESTS = """
import http.client, statistics, time
def ask():
    start = time.perf_counter()
    connection = http.client.HTTPConnection(HOST, PORT, timeout=5)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()
    return time.perf_counter() - start
ask()
result = statistics.median(ask() for _ in range(COUNT))
"""


def measure(_: Stage, effort: Effort) -> Iterator[Figure]:
    """Sessions with a network of their own beside sessions with the machine's, without spares."""
    if not public_server.is_possible():
        raise Missing("it takes root and iproute2")
    with tempfile.TemporaryDirectory(prefix="agentcore-") as folder, public_server.public_server() as port:
        yield from asyncio.run(_compared(Path(folder), port, effort))


async def _compared(folder: Path, port: int, effort: Effort) -> list[Figure]:
    async with SandboxStage(folder) as stage:
        if reason := stage.sandbox.network_reason:
            raise Missing(f"no private network here: {reason}")
        source = AGENTS / "obedient.py"
        own, machines = stage.program(source), stage.program(source, environment={LOCAL_NETWORK: "shared"})
        return [await _starts(stage, own, machines, effort.rounds), await _requests(stage, own, port, effort.calls)]


async def _starts(stage: SandboxStage, own: Program, machines: Program, rounds: int) -> Figure:
    took: dict[str, list[float]] = {own.key: [], machines.key: []}
    for count in range(rounds + 1):
        for program in (own, machines):
            start = time.perf_counter()
            session = await stage.start(program)
            await run_in(session, "result = 1")
            if count:
                took[program.key].append(time.perf_counter() - start)
            await session.stop(grace=0)
    private, shared = statistics.median(took[own.key]), statistics.median(took[machines.key])
    other, added = f"with the machine's {milliseconds(shared)}", (private - shared) * 1000
    return Figure("start with a network of its own", milliseconds(private), other, added, "ms more", "at most", 10)


async def _requests(stage: SandboxStage, own: Program, port: int, calls: int) -> Figure:
    """New connections to a server beyond this machine, from a session and from a process out here."""
    source = f"HOST, PORT, COUNT = {public_server.ADDRESS!r}, {port}, {calls // ROUNDS}\n{REQUESTS}"
    session = await stage.start(own)
    inside, outside = [], []
    for _ in range(ROUNDS):
        inside.append(await run_in(session, source))
        outside.append(await asyncio.to_thread(_run_here, source))
    through, direct = statistics.median(inside), statistics.median(outside)
    other, added = f"the machine's own {milliseconds(direct)}", (through - direct) * 1000
    return Figure("request out of a session", milliseconds(through), other, added, "ms more", "at most", 0.5)


def _run_here(source: str) -> float:
    command = [sys.executable, "-c", f"{source}\nimport json; print(json.dumps(result))"]
    median: float = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return median
