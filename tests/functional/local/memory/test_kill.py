"""Kill -9 while memory writes: no acknowledged event is lost, nothing is half there, and it goes on."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.local.memory.service import PROGRAM
from tests.conftest import leave
from tests.fakes.local_memory import LocalMemory
from tests.local_runtime import RunningServer, eventually, processes_of
from tests.processes import kill

STRATEGY = {"semanticMemoryStrategy": {"name": "facts", "namespaceTemplates": ["/{sessionId}/"]}}


@pytest.mark.parametrize("kills", [25, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(600)])])
def test_no_acknowledged_event_is_lost(tmp_path: Path, kills: int) -> None:
    memory = LocalMemory(tmp_path)
    notes = memory.create(memoryStrategies=[STRATEGY])
    memory.close()
    command = [sys.executable, "-m", "tests.functional.local.memory.killer", str(tmp_path), notes, str(kills)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert ran.returncode == 0, ran.stderr
    acknowledged: dict[str, list[str]] = defaultdict(list)
    for line in ran.stdout.splitlines():
        session, count, event = line.split()
        assert len(acknowledged[session]) == int(count)
        acknowledged[session].append(event)
    assert len(acknowledged) == kills

    memory.open()
    assert memory.store.one("PRAGMA integrity_check") == ("ok",)
    for session, events in acknowledged.items():
        found = [event["eventId"] for event in memory.events(notes, sessionId=session, maxResults=100)][::-1]
        assert found[: len(events)] == events[:100]
        assert len(found) <= len(events) + 1  # the last may be done and not acknowledged
    memory.settle()
    memory.store.execute("INSERT INTO words_1 (words_1) VALUES ('integrity-check')")
    assert memory.store.one("SELECT count(*) FROM records") == memory.store.one("SELECT count(*) FROM events")
    assert memory.store.one("SELECT records FROM tallies") == memory.store.one("SELECT count(*) FROM records")
    memory.close()


def keeper(home: Home) -> int | None:
    """The process that keeps the memories of a home."""
    return next((pid for pid, command in processes_of(home.root).items() if PROGRAM in command.split()), None)


@pytest.fixture
def home() -> Any:
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    yield Home(folder).create()
    leave(folder)


def made(server: RunningServer) -> str:
    id = str(server.control.create_memory(name="notes", eventExpiryDuration=30)["memory"]["id"])
    eventually(lambda: server.control.get_memory(memoryId=id)["memory"]["status"] == "ACTIVE", "it is active")
    return id


def test_a_killed_process_is_started_again_and_knows_everything(home: Home) -> None:
    server = RunningServer(home)
    assert keeper(home) is None  # it is started for the first request
    thread = {"memoryId": made(server), "actorId": "ann", "sessionId": "s"}
    event = server.data.create_event(**thread, eventTimestamp=time.time(), payload=[])["event"]
    killed = keeper(home)
    assert killed is not None
    kill(killed)
    eventually(lambda: keeper(home) is None, "it has ended")

    def answered() -> Any:
        try:
            return server.data.list_events(**thread)["events"]
        except server.data.exceptions.ServiceException:
            return None  # it was asked while its end was not known yet

    assert eventually(answered, "it answers again") == [event]
    assert keeper(home) not in (None, killed)
    server.close()


def test_a_killed_server_leaves_no_process_and_its_successor_knows_everything(home: Home) -> None:
    server = RunningServer(home)
    thread = {"memoryId": made(server), "actorId": "ann", "sessionId": "s"}
    event = server.data.create_event(**thread, eventTimestamp=time.time(), payload=[])["event"]
    kill(server.info.pid)
    server.close()
    eventually(lambda: keeper(home) is None, "it ends with the server")
    again = RunningServer(home)
    assert again.data.list_events(**thread)["events"] == [event]
    again.close()


def test_the_clock_of_the_runtime_is_memorys(home: Home) -> None:
    server = RunningServer(home)
    thread = {"memoryId": made(server), "actorId": "ann", "sessionId": "s"}
    server.data.create_event(**thread, eventTimestamp=time.time(), payload=[])
    server.local.advance_clock(29 * 86_400)
    assert len(server.data.list_events(**thread)["events"]) == 1
    server.local.advance_clock(86_400)
    assert server.data.list_events(**thread)["events"] == []
    server.close()


def test_a_throttled_request_is_named_as_memorys_model_does(home: Home) -> None:
    server = RunningServer(home)
    server.local.arm_fault("throttle", 1)
    with pytest.raises(server.data.exceptions.ThrottledException):
        server.data.list_actors(memoryId="notes-0123456789")
    server.close()
