"""The daily loop: from a save to a new session's answer beside `uvicorn --reload`; living sessions, watching, tests."""

from __future__ import annotations

import json
import re
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.bench.effort import Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.http_caller import Address, Caller, Refused
from tests.bench.processes import cpu_seconds
from tests.bench.stage import JSON, BenchedAgent, Stage, first_answer, free_port
from tests.command_line import AGENTCORE

FILES = 1000
LIVING = 50
POLL_SECONDS = 0.002
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(4))
def test_it(agentcore_runtime, number):
    agent = agentcore_runtime.deploy("{module}.py")
    assert agent.invoke({{"prompt": "hi"}}, session_id="a")
"""


def measure(stage: Stage, effort: Effort) -> Iterator[Figure]:
    """An agent that imports Strands, saved again and again, under `agentcore dev` and then under uvicorn."""
    agent, file = stage.counter, stage.counter.command.folder / f"{stage.counter.module}.py"
    source = file.read_text()
    saves = min(100, effort.rounds * 7)
    try:
        with _dev(agent) as dev:
            living = [str(uuid.uuid4()) for _ in range(LIVING)]
            for session in living:
                _ask(agent.local(session), agent.payload)
            ours = [_saved(file, source, lambda: _answered(agent, dev)) for _ in range(saves)]
            lost = sum(not _is_second(_ask(agent.local(session), agent.payload)) for session in living)
            for session in living:
                agent.stop(session)
            faults = [_faulty(file, source, dev) for _ in range(effort.rounds)]
            file.write_text(source)
            _answered(agent, dev)
            share = _watching(agent, dev, effort)
        with _uvicorn(agent) as address:
            others = [_saved(file, source, lambda: _marked(address, agent.payload)) for _ in range(effort.rounds)]
    finally:
        file.write_text(source)
    other = f"uvicorn --reload {milliseconds(_at(others, 0.5))}"
    for share_of, mark in ((50, 100), (95, 250)):
        took = _at(ours, share_of / 100)
        yield Figure(f"save to answer, p{share_of}", milliseconds(took), other, took * 1000, "ms", "at most", mark)
    yield Figure(f"{LIVING} living sessions, lost over {saves} saves", str(lost), "all", lost, "sessions", "at most", 0)
    took = _at(faults, 0.95)
    yield Figure("a syntax error told after the save, p95", milliseconds(took), "", took * 1000, "ms", "at most", 300)
    yield Figure(f"{FILES:,} files watched", f"{share:.2f} % of a core", "", share, "%", "at most", 1)
    took = _of_a_test(agent)
    yield Figure("a test with the fixture, from the second on", milliseconds(took), "", took, "s", "at most", 0.6)


_marks = count(1)


def _saved(file: Path, source: str, answered: object) -> float:
    """Seconds from a save until `answered` gives an answer with its mark."""
    mark = f"mark-{next(_marks)}-"
    text = source.replace('"count":', f'"mark": "{mark}", "count":')
    assert mark in text
    began = time.perf_counter()
    file.write_text(text)
    while mark.encode() not in answered():  # type: ignore[operator]
        pass
    took = time.perf_counter() - began
    time.sleep(0.3)  # as nobody saves without a breath
    return took


def _faulty(file: Path, source: str, dev: subprocess.Popen[str]) -> float:
    """Seconds from the save of a syntax error until it is told."""
    assert dev.stdout is not None
    began = time.perf_counter()
    file.write_text(f"{source}\ndef broken(:  # {next(_marks)}\n")
    for line in dev.stdout:
        told = json.loads(line)
        if told.get("event") == "reload":
            assert told["fault"], told
            break
    took = time.perf_counter() - began
    time.sleep(0.3)
    return took


def _answered(agent: BenchedAgent, dev: subprocess.Popen[str]) -> bytes:
    """The answer of a new session, when the save was told."""
    assert dev.stdout is not None
    for line in dev.stdout:
        if json.loads(line).get("event") == "reload":
            break
    return _ask(agent.local(str(uuid.uuid4())), agent.payload)


def _marked(address: Address, payload: bytes) -> bytes:
    try:
        return _ask(address, payload)
    except (OSError, Refused):
        time.sleep(POLL_SECONDS)
        return b""


def _ask(address: Address, payload: bytes) -> bytes:
    with Caller(address) as caller:
        return caller.post(payload)


def _is_second(answer: bytes) -> bool:
    return json.loads(answer) == {"count": 2, "agent": "Agent"}


def _watching(agent: BenchedAgent, dev: subprocess.Popen[str], effort: Effort) -> float:
    """How much of a processor `dev` uses while nothing is saved, in per cent."""
    folder = agent.command.folder / "many"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"file_{number}.py").write_text("X = 1\n")
    _answered(agent, dev)
    time.sleep(2)  # until it has looked at them all
    before = cpu_seconds(dev.pid)
    time.sleep(effort.idle_seconds)
    return (cpu_seconds(dev.pid) - before) / effort.idle_seconds * 100


def _of_a_test(agent: BenchedAgent) -> float:
    """The seconds of a test with the fixture that is not the first."""
    file = agent.command.folder / "test_bench.py"
    file.write_text(TESTS.format(module=agent.module))
    said = subprocess.run(
        [AGENTCORE.parent / "pytest", "-q", "--durations=0", "-vv", "-p", "no:cacheprovider", file.name],
        cwd=agent.command.folder,
        env=agent.command.whole_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    file.unlink()
    took = [sum(map(float, re.findall(rf"([\d.]+)s \w+ +{file.name}::test_it\[{n}\]", said))) for n in (1, 2, 3)]
    return sorted(took)[1]


def _at(took: list[float], share: float) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * share))]


@contextmanager
def _dev(agent: BenchedAgent) -> Iterator[subprocess.Popen[str]]:
    dev = subprocess.Popen(
        [AGENTCORE, "dev", "--no-chat", "--json"],
        cwd=agent.command.folder,
        env=agent.command.whole_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _ask(agent.local(str(uuid.uuid4())), agent.payload)
        time.sleep(3)  # until it watches
        yield dev
    finally:
        dev.terminate()
        dev.communicate()


@contextmanager
def _uvicorn(agent: BenchedAgent) -> Iterator[Address]:
    port = free_port()
    process = subprocess.Popen(
        [agent.interpreter, "-m", "uvicorn", "--reload", "--port", str(port), f"{agent.module}:app"],
        cwd=agent.command.folder,
        env=agent.command.whole_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = Address("127.0.0.1", port, "/invocations", JSON)
    try:
        first_answer(address, agent.payload)
        yield address
    finally:
        process.terminate()
        process.wait()
