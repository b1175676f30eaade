"""Traces: 5,000 spans a second taken in beside calls, and a trace of a thousand spans shown by a whole process."""

from __future__ import annotations

import http.client
import itertools
import json
import multiprocessing
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from agentcore_cli.local import daemon
from agentcore_cli.local.home import Home
from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.http_caller import Address, Caller
from tests.bench.stage import Stage
from tests.command_line import CommandLine
from tests.exported import TRACE, as_protobuf, export, span
from tests.local_runtime import UNSIGNED, RunningServer, invocations

AGENT = Path(__file__).parents[1] / "agents" / "traces_itself.py"
RATE = 5_000  # spans a second
BATCH = 250  # spans of an export
ROUNDS = 6
SHOWN = 1_000
PROTOBUF = {"content-type": "application/x-protobuf"}


def measure(_stage: Stage, effort: Effort) -> Iterator[Figure]:
    """In a server of their own."""
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        home = Home(Path(folder, "home")).create()
        server = RunningServer(home)
        try:
            yield _beside_calls(server, effort)
        finally:
            server.close()
            daemon.stop(home)
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        yield _shown(Path(folder), effort)


def _beside_calls(server: RunningServer, effort: Effort) -> Figure:
    """In turns, so that what else the machine does meets both alike."""
    arn, session = server.deploy(AGENT), str(uuid.uuid4())
    endpoint = _endpoint(server, arn)
    path = invocations(arn)
    headers = server.signed("POST", path, UNSIGNED | server.headers(session), None)
    address = Address(server.info.host, server.info.port, path, headers)
    quiet: list[float] = []
    loud: list[float] = []
    with Caller(address) as caller, Exporting(endpoint) as exporting:
        for _ in range(ROUNDS):
            quiet += _times(caller, effort.calls // ROUNDS)
            exporting.begin()
            loud += _times(caller, effort.calls // ROUNDS)
            exporting.pause()
    more = (median(loud) / median(quiet) - 1) * 100
    name = f"call beside {exporting.rate:,.0f} spans/s, p50"
    other = f"without exports {milliseconds(median(quiet))}"
    return Figure(name, milliseconds(median(loud)), other, more, "% more", "at most", 10)


def _shown(folder: Path, effort: Effort) -> Figure:
    home, project = folder / "home", folder / "project"
    project.mkdir()
    (project / "agent.py").write_text(AGENT.read_text())
    command = CommandLine(project, {"AGENTCORE_HOME": str(home), "AGENTCORE_TARGET": "local"})
    command.run("configure", "--entrypoint", "agent.py", "--name", "bench")
    command.run("deploy")
    try:
        told = json.loads(command.run("invoke", "{}").stdout)
        body = as_protobuf(_export(0, SHOWN))
        _post(told["telemetry"]["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], body)
        took = []
        for _ in range(effort.rounds):
            began = time.perf_counter()
            shown = command.run("traces", "show", TRACE)
            took.append(time.perf_counter() - began)
            assert len(shown.stdout.splitlines()) > SHOWN
    finally:
        command.run("destroy", "--yes")
    name = f"traces show of {SHOWN:,} spans, whole process"
    return Figure(name, milliseconds(median(took)), "", median(took), "s", "at most", 0.3)


class Exporting:
    """A session's exporter, in a process of its own: so many spans a second, while it is not paused."""

    def __init__(self, endpoint: str) -> None:
        made = multiprocessing.get_context("spawn")
        self._runs, self._ready, self._sent = made.Event(), made.Event(), made.Value("q", 0)
        told = (endpoint, self._runs, self._ready, self._sent)
        self._process = made.Process(target=_keep_exporting, args=told, daemon=True)
        self._seconds, self._since = 0.0, 0.0

    @property
    def rate(self) -> float:
        return self._sent.value / max(self._seconds, 0.001)

    def begin(self) -> None:
        self._since = time.perf_counter()
        self._runs.set()

    def pause(self) -> None:
        self._runs.clear()
        self._seconds += time.perf_counter() - self._since

    def __enter__(self) -> Exporting:
        self._process.start()
        assert self._ready.wait(60), "the exporter does not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


def _keep_exporting(endpoint: str, runs: Any, ready: Any, sent: Any) -> None:
    bodies = [as_protobuf(_export(number * BATCH, BATCH, f"{number + 1:032x}")) for number in range(40)]
    ready.set()
    for number in itertools.count():
        runs.wait()
        began = time.perf_counter()
        _post(endpoint, bodies[number % len(bodies)])
        sent.value += BATCH
        time.sleep(max(0.0, BATCH / RATE - (time.perf_counter() - began)))


def _endpoint(server: RunningServer, arn: str) -> str:
    told = server.invoke(arn, b"{}", str(uuid.uuid4())).json()
    endpoint: str = told["telemetry"]["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
    return endpoint


def _export(first: int, count: int, trace: str = TRACE) -> dict[str, object]:
    chat = {"gen_ai__operation__name": "chat", "gen_ai__request__model": "claude", "gen_ai__usage__input_tokens": 12}
    spans = [
        span(
            number,
            f"chat {number}",
            trace=trace,
            parent="" if number == first + 1 else first + 1 + (number - first) // 4,
            text="What did we say about the garden last week?",
            **chat,
        )
        for number in range(first + 1, first + count + 1)
    ]
    return export(*spans)


def _post(endpoint: str, body: bytes) -> None:
    where = urlsplit(endpoint)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    try:
        connection.request("POST", where.path, body, PROTOBUF)
        connection.getresponse().read()
    finally:
        connection.close()


def _times(caller: Caller, count: int) -> list[float]:
    took = []
    for _ in range(count):
        began = time.perf_counter()
        caller.post(b"{}")
        took.append(time.perf_counter() - began)
    return took
