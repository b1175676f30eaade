"""Local memory: events as fast as agents say them, and answers that do not depend on how much there is."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import uvloop

from agentcore_cli.local.home import Home
from tests.bench.effort import FULL, Effort
from tests.bench.figure import Figure, milliseconds
from tests.bench.http_caller import Address, Caller
from tests.bench.stage import Stage
from tests.fakes.local_memory import LocalMemory
from tests.local_runtime import UNSIGNED, RunningServer, eventually

CONNECTIONS = 16
TURNS = 10
SESSION_EVENTS = 10_000
FEW = 10_000
WORDS = 5000
SENTENCE = 20
TEXT = "What did we say about the garden last week, and who wanted to buy the tea?"
SAID = [{"conversational": {"content": {"text": TEXT}, "role": "USER"}}]


def measure(_stage: Stage, effort: Effort) -> Iterator[Figure]:
    """Over HTTP: what an agent waits for. In the process that keeps the memories: what grows, and what must not."""
    whole = effort == FULL
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        yield from _served(Path(folder), effort)
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        yield from _grown(Path(folder), 1_000_000 if whole else 100_000, effort)
    with tempfile.TemporaryDirectory(prefix="ac-") as folder:
        yield _searched(Path(folder), 100_000 if whole else 20_000, effort)


def _served(folder: Path, effort: Effort) -> Iterator[Figure]:
    server = RunningServer(Home(folder).create())
    try:
        memory = server.control.create_memory(name="bench", eventExpiryDuration=30)["memory"]["id"]
        eventually(lambda: server.control.get_memory(memoryId=memory)["memory"]["status"] == "ACTIVE", "it is active")
        rate = uvloop.run(_events_per_second(server, memory, effort.load_seconds))
        with_commits = f"{CONNECTIONS} connections, each event on disk"
        yield Figure("CreateEvent", f"{rate:,.0f}/s", with_commits, rate, "per s", "at least", 1000)
        made = {"actorId": "ann", "sessionId": "long", "eventTimestamp": time.time(), "payload": SAID}
        uvloop.run(_events(server, memory, made, SESSION_EVENTS))
        path = f"/memories/{memory}/actor/ann/sessions/long"
        address = Address(server.info.host, server.info.port, path, server.signed("POST", path, UNSIGNED, None))
        with Caller(address) as caller:
            took = _median(lambda: caller.post(json.dumps({"maxResults": TURNS}).encode()), effort.calls)
        other = f"the last {TURNS} turns of {SESSION_EVENTS:,}"
        yield Figure("ListEvents, p50", milliseconds(took), other, took * 1000, "ms", "at most", 5)
    finally:
        server.local.shutdown()
        eventually(lambda: not server.home.server_file.exists(), "the server has ended")
        server.close()


async def _events_per_second(server: RunningServer, memory: str, seconds: int) -> float:
    """What is acknowledged in that time, each connection in a session of its own."""
    end = time.monotonic() + seconds
    counts = await asyncio.gather(
        *(
            _post(server, memory, _event(sessionId=f"s{number}"), lambda done: time.monotonic() > end)
            for number in range(CONNECTIONS)
        )
    )
    return sum(counts) / seconds


async def _events(server: RunningServer, memory: str, members: dict[str, Any], count: int) -> None:
    each = count // CONNECTIONS
    body = json.dumps(members).encode()
    await asyncio.gather(*(_post(server, memory, body, lambda done: done >= each) for _ in range(CONNECTIONS)))


async def _post(server: RunningServer, memory: str, body: bytes, enough: Callable[[int], bool]) -> int:
    """CreateEvent on one connection until it is enough; gives how many were acknowledged."""
    path = f"/memories/{memory}/events"
    headers = server.signed("POST", path, {"Host": server.info.host, **UNSIGNED}, None)
    headers |= {"Host": f"{server.info.host}:{server.info.port}", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    request = f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body
    reader, writer = await asyncio.open_connection(server.info.host, server.info.port)
    done = 0
    while not enough(done):
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 201"), answer
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))
        done += 1
    writer.close()
    return done


def _event(**members: Any) -> bytes:
    event = {"actorId": "ann", "sessionId": "s", "eventTimestamp": time.time(), "payload": SAID}
    return json.dumps(event | members).encode()


def _grown(folder: Path, many: int, effort: Effort) -> Iterator[Figure]:
    """The operation that is slowest beside itself where there are few events, by processor time and by the wall clock.

    Small and large store take turns, call by call, so that whatever else the machine does befalls both alike.
    """
    stores = []
    for name, count in (("few", FEW), ("many", many)):
        (folder / name).mkdir()
        local = LocalMemory(folder / name)
        memory = local.create()
        _fill(local, memory, count)
        stores.append((local, _operations(local, memory)))
    (_, of_few), (_, of_many) = stores
    slower = {name: _times_slower(of_few[name], of_many[name], effort.calls) for name in of_few}
    for local, _ in stores:
        local.close()
    for at, clock in enumerate(("processor time", "wall time")):
        name = max(slower, key=lambda each: slower[each][at])
        ours, other = f"{many:,} events, {name}", f"{FEW:,} events"
        yield Figure(f"the operation that got slowest, {clock}", ours, other, slower[name][at], "times", "at most", 2)


def _times_slower(few: Callable[[], object], many: Callable[[], object], calls: int) -> tuple[float, float]:
    """Medians of `many` by those of `few`, in processor time and in wall time."""
    took: dict[Callable[[], object], list[tuple[float, float]]] = {few: [], many: []}
    for turn in range(calls):
        for call in (few, many) if turn % 2 else (many, few):
            began = (time.process_time(), time.perf_counter())
            call()
            took[call].append((time.process_time() - began[0], time.perf_counter() - began[1]))
    processor, wall = ([median(pair[at] for pair in took[call]) for call in (many, few)] for at in (0, 1))
    return processor[0] / processor[1], wall[0] / wall[1]


def _fill(local: LocalMemory, memory: str, count: int) -> None:
    """More events, in sessions of 100 of actors of 1,000: rows as a request writes them, without its other work."""
    store, payload = local.store, json.dumps(SAID)
    (seq,) = store.one("SELECT seq FROM memories WHERE id = ?", memory) or (0,)
    (begin,) = store.one("SELECT coalesce(max(seq), 0) FROM events") or (0,)
    end, ms, expires_at = begin + count, round(local.now * 1000), local.now + 30 * 86_400
    with store.transaction():
        for number in range(begin // 1000, end // 1000):
            store.execute(
                "INSERT OR IGNORE INTO actors (seq, memory, actor) VALUES (?, ?, ?)", number + 1, seq, f"a{number}"
            )
        for number in range(begin // 100, end // 100):
            made = (number + 1, number // 10 + 1, f"s{number}", local.now)
            store.execute("INSERT OR IGNORE INTO sessions (seq, actor, session, created_at) VALUES (?, ?, ?, ?)", *made)
        for number in range(begin, end):
            store.execute(
                "INSERT INTO events (memory, session, ms, stamp, expires_at, branch, payload)"
                " VALUES (?, ?, ?, ?, ?, 'main', ?)",
                *(seq, number // 100 + 1, ms, local.now, expires_at, payload),
            )


def _operations(local: LocalMemory, memory: str) -> dict[str, Callable[[], object]]:
    """What is called, of a session in the middle, whose events are as many whatever else there is; what HTTP adds is in
    the figures of what is served.
    """
    of = {"memoryId": memory}
    thread = {**of, "actorId": "a3", "sessionId": "s35"}
    event = local.call("ListEvents", **thread)["events"][0]["eventId"]
    local.say(memory, actorId="a3", sessionId="s35", branch={"name": "fork", "rootEventId": event})
    [record] = local.keep(memory, TEXT)
    fork = {"branch": {"name": "fork", "includeParentBranches": True}}
    tagged = {"eventMetadata": [{"left": {"metadataKey": "mood"}, "operator": "NOT_EXISTS"}]}
    search = {"namespacePath": "/", "searchCriteria": {"searchQuery": "garden"}}
    new = {**thread, "sessionId": "new", "eventTimestamp": local.now, "payload": SAID}

    def create_and_delete() -> None:
        made = local.call("CreateEvent", **new)["event"]["eventId"]
        local.call("DeleteEvent", **thread | {"sessionId": "new"}, eventId=made)

    asked: dict[str, dict[str, Any]] = {
        "GetEvent": {**thread, "eventId": event},
        "ListEvents": thread,
        "ListEvents of a branch": {**thread, "filter": fork},
        "ListEvents by metadata": {**thread, "filter": tagged},
        "ListSessions": {**of, "actorId": "a3"},
        "ListSessions with events": {**of, "actorId": "a3", "filter": {"eventFilter": "HAS_EVENTS"}},
        "ListActors": {**of, "maxResults": 10},
        "GetMemoryRecord": {**of, "memoryRecordId": record},
        "ListMemoryRecords": {**of, "namespacePath": "/"},
        "RetrieveMemoryRecords": {**of, **search},
        "ListMemoryExtractionJobs": of,
        "GetMemory": of,
        "ListMemories": {},
    }
    calls = {name: partial(local.call, name.partition(" ")[0], **members) for name, members in asked.items()}
    return {**calls, "CreateEvent and DeleteEvent": create_and_delete}


def _searched(folder: Path, count: int, effort: Effort) -> Figure:
    """A question of five words over records of twenty, which are as frequent as words are (Zipf)."""
    chance = random.Random(7)
    words = [f"word{number}" for number in range(WORDS)]
    weights = [1 / (number + 3) for number in range(WORDS)]
    local = LocalMemory(folder)
    memory = local.create()
    for at in range(0, count, 100):
        texts = [" ".join(chance.choices(words, weights, k=SENTENCE)) for _ in range(100)]
        local.keep(memory, *texts, namespace=f"/facts/{at % 1000}/")

    def search() -> None:
        query = " ".join(chance.choices(words, weights, k=5))
        local.call("RetrieveMemoryRecords", memoryId=memory, namespacePath="/", searchCriteria={"searchQuery": query})

    took = _median(search, effort.calls)
    local.close()
    return Figure("search, p50", milliseconds(took), f"{count:,} records", took * 1000, "ms", "at most", 20)


def _median(call: Callable[[], object], calls: int) -> float:
    took = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return median(took)
