"""A database that can't be had or written to, and callers who don't read: what is told, and that it goes on after."""

from __future__ import annotations

import resource
import socket
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from agentcore_cli.local.home import Home
from agentcore_cli.local.memory.worker import ROOM
from tests.conftest import leave
from tests.local_runtime import RunningServer, eventually

THREAD = {"actorId": "ann", "sessionId": "s"}
PAGE = 9_000_000  # characters of an event


@pytest.fixture
def server() -> Iterator[RunningServer]:
    """A server of the test's own: what it does to the database is nobody else's trouble."""
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    running = RunningServer(Home(folder).create())
    yield running
    running.close()
    end(RunningServer(running.home))  # the one that runs now
    leave(folder)


def end(server: RunningServer) -> None:
    server.local.shutdown()
    eventually(lambda: not server.home.server_file.exists(), "the server has ended")
    server.close()


def make(server: RunningServer) -> str:
    made = server.control.create_memory(name="notes", eventExpiryDuration=30)["memory"]["id"]
    eventually(lambda: server.control.get_memory(memoryId=made)["memory"]["status"] == "ACTIVE", "it is active")
    return str(made)


def say(server: RunningServer, memory: str, text: str = "hello") -> None:
    server.data.create_event(memoryId=memory, eventTimestamp=time.time(), payload=[{"blob": text}], **THREAD)


def events(server: RunningServer, memory: str) -> int:
    return len(server.data.list_events(memoryId=memory, includePayloads=False, **THREAD)["events"])


def refusal(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    assert refused.value.response["Error"]["Code"] == "ServiceException"
    return str(refused.value.response["Error"]["Message"])


def process_of_memories(server: RunningServer) -> int:
    """The number of the process that keeps them."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                said = (folder / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if "agentcore_cli.local.memory" in said and str(server.home.memories) in said:
                return int(folder.name)
    raise AssertionError("it does not run")


def test_what_is_no_database_is_told_until_it_is_moved_away(server: RunningServer) -> None:
    server.home.memories.write_text("no database " * 100)
    for _ in range(2):
        said = refusal(lambda: server.control.list_memories())
        assert f"{server.home.memories}: not a database" in said
        assert "move" in said
    server.home.memories.rename(server.home.root / "moved")
    make(server)


def test_one_of_a_newer_version_is_told_and_not_touched(server: RunningServer) -> None:
    with closing(sqlite3.connect(server.home.memories)) as database, database:
        database.execute("CREATE TABLE rooms (name TEXT PRIMARY KEY, version INTEGER NOT NULL)")
        database.execute("INSERT INTO rooms VALUES (?, 99)", (ROOM,))
    before = server.home.memories.read_bytes()
    assert "written by a newer agentcore" in refusal(lambda: server.control.list_memories())
    with closing(sqlite3.connect(server.home.memories)) as database:
        assert database.execute("SELECT version FROM rooms").fetchall() == [(99,)]
    assert len(server.home.memories.read_bytes()) == len(before)


def test_damage_in_the_middle_is_told_and_the_server_goes_on(server: RunningServer) -> None:
    memory = make(server)
    for _ in range(20):
        say(server, memory, "x" * 20_000)
    with closing(sqlite3.connect(server.home.memories)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = server.home.memories.stat().st_size
    with server.home.memories.open("r+b") as file:
        file.seek(size // 8)
        file.write(b"\xff" * (size // 2))
    end(server)  # what the process held of it in memory is gone with it
    again = RunningServer(server.home)
    with closing(again):
        said = refusal(lambda: again.data.list_events(memoryId=memory, **THREAD))
        assert "malformed" in said or "not a database" in said
        assert again.local.health().runtimes == 0


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process are Linux's")
def test_a_disk_that_is_full_loses_nothing_that_was_acknowledged(server: RunningServer) -> None:
    memory = make(server)
    say(server, memory)
    process = process_of_memories(server)
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    largest = max(path.stat().st_size for path in server.home.root.glob("memory.db*"))
    resource.prlimit(process, resource.RLIMIT_FSIZE, (largest, before[1]))
    with pytest.raises(ClientError, match="nothing was changed"):
        say(server, memory, "x" * (largest + 100_000))
    kept = events(server, memory)
    assert kept == 1
    resource.prlimit(process, resource.RLIMIT_FSIZE, before)
    say(server, memory)
    assert events(server, memory) == kept + 1
    assert process_of_memories(server) == process


@pytest.mark.long
def test_two_hundred_who_do_not_read_harm_nobody_else(server: RunningServer) -> None:
    memory = make(server)
    say(server, memory, "x" * PAGE)
    path = f"/memories/{memory}/actor/ann/sessions/s"
    headers = server.signed("POST", path, {}, b"{}") | {"Content-Length": "2"}
    headers |= {"Host": f"{server.info.host}:{server.info.port}"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with ExitStack() as open_ones:
        for _ in range(200):
            slow = open_ones.enter_context(socket.create_connection((server.info.host, server.info.port)))
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + b"{}")
        for _ in range(20):
            say(server, memory)
            assert len(server.data.list_actors(memoryId=memory)["actorSummaries"]) == 1
        assert resident(server.info.pid) < 700 * 2**20, "a page for each of them would be 1.8 GB"
        with pytest.raises(ClientError, match="ThrottledException"):
            events(server, memory)
    eventually(lambda: events_or_none(server, memory) == 20, "those who left hold nothing", 60)


def events_or_none(server: RunningServer, memory: str) -> int | None:
    try:
        return events(server, memory)
    except ClientError:
        return None


def resident(pid: int) -> int:
    """Bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024
