"""32 connections to one session, load from a C client (wrk), against the agent's own socket."""

from __future__ import annotations

import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

from tests.bench.effort import Effort
from tests.bench.figure import Figure, Missing
from tests.bench.http_caller import Address
from tests.bench.stage import Stage, first_answer
from tests.bench.timing import interleaved

SCRIPT = Path(__file__).with_name("post.lua")
CONNECTIONS = 32
ROUNDS = 3


class LoadFailed(Exception):
    """wrk saw an answer that was no success."""


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """The same agent twice: behind the local runtime, and on its own TCP socket."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Missing("wrk is not installed: apt-get install wrk")
    agent, session = stage.counter, str(uuid.uuid4())
    with agent.plain() as plain:
        through = agent.local(session)
        for address in (plain, through):  # a session that is being provisioned answers 409
            first_answer(address, agent.payload)
        rate = interleaved(
            {
                "through": lambda: _requests_per_second(wrk, through, effort.load_seconds),
                "direct": lambda: _requests_per_second(wrk, plain, effort.load_seconds),
            },
            ROUNDS,
        )
    agent.stop(session)
    share = rate["through"] / rate["direct"] * 100
    other = f"the agent's own socket {rate['direct']:,.0f}/s"
    yield Figure("32 connections to one session", f"{rate['through']:,.0f}/s", other, share, "%", "at least", 50)


def _requests_per_second(wrk: str, address: Address, duration: int) -> float:
    headers = [part for name, value in address.headers.items() for part in ("-H", f"{name}: {value}")]
    load = ["-t1", f"-c{CONNECTIONS}", f"-d{duration}s", "-s", str(SCRIPT), *headers, address.url]
    report = subprocess.run([wrk, *load], check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s*([\d.]+)", report)
    if rate is None or "Non-2xx" in report or "Socket errors" in report:
        raise LoadFailed(report)
    return float(rate[1])
