"""Traces: 5,000 spans a second taken in beside calls, and a trace of a thousand spans shown by a whole process."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from agentcore_cli.local.home import Home
from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.http_caller import Address, Caller
from tests.command_line import AGENTCORE, environment_without_aws
from tests.exported import as_protobuf, export, span
from tests.local_runtime import RunningServer

AGENT = Path(__file__).parents[1] / "agents" / "traces_itself.py"
RATE = 5_000
BATCH = 250  # spans of an export
ROUNDS = 6
SHOWN = 1_000
CONFIG = "version: 1\nproject: bench-1a2b3c\nagents:\n  bench: {{entrypoint: agent.py}}\ndefault_target: local\n"


def measure(_stage: object, effort: Effort) -> Iterator[Figure]:
    """Both in a server of their own."""
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        server = RunningServer(Home(Path(folder)).create())
        try:
            yield _beside_calls(server, effort)
        finally:
            server.close()
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        yield _shown(Path(folder), effort)


def _beside_calls(server: RunningServer, effort: Effort) -> Figure:
    """In turns, so that what else the machine does meets both alike."""
    arn, session, exporter = server.deploy(AGENT), str(uuid.uuid4()), str(uuid.uuid4())
    endpoint = server.invoke(arn, b"{}", exporter).json()["telemetry"]["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
    quiet, loud, taken = [], [], 0
    with Caller(Address.of_call(server, arn, session)) as caller:
        for _ in range(ROUNDS):
            quiet += _times(caller, effort.calls // ROUNDS)
            with _Exporting(endpoint) as exporting:
                loud += _times(caller, effort.calls // ROUNDS)
            taken = max(taken, exporting.rate)
    more = (median(loud) / median(quiet) - 1) * 100
    other = f"without exports {milliseconds(median(quiet))}"
    name = f"call beside {taken:,.0f} spans/s, p50"
    return Figure(name, milliseconds(median(loud)), other, more, "% more", "at most", 10)
