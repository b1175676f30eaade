"""The loop of the process that keeps the memories.

What came in by the time it looks is one batch: what writes is one transaction, in which a refused request changes
nothing and harms no other, and only what is committed is acknowledged. Then what reads is answered. While nothing
comes, there are `chores`.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from agentcore_cli.contract import HEADER_RETRIEVAL
from agentcore_cli.local.control import requests
from agentcore_cli.local.http.wire import JSON_HEADERS, ServiceFault
from agentcore_cli.local.memory import operations
from agentcore_cli.local.memory.call import MemoryCall
from agentcore_cli.local.memory.chores import Chores
from agentcore_cli.local.memory.drawing import Drawing
from agentcore_cli.local.memory.events import Events
from agentcore_cli.local.memory.frames import Asked, DrawnRecords
from agentcore_cli.local.memory.jobs import Jobs
from agentcore_cli.local.memory.memories import Memories
from agentcore_cli.local.memory.records import MemoryRecords
from agentcore_cli.local.memory.search import Search
from agentcore_cli.local.memory.tables import MIGRATIONS
from agentcore_cli.local.memory.threads import Threads
from agentcore_cli.local.memory.tokens import MemoryTokens
from agentcore_cli.local.storage.reserve import Reserve
from agentcore_cli.local.store import Database
from agentcore_cli.local.storing.frames import Answered

ROOM: Final = "memory"

Perform = Callable[[MemoryCall], dict[str, Any]]
_log = logging.getLogger(__name__)


class MemoryWorker:
    """Everything over one `Database`."""

    def __init__(self, store: Database, reserve: Reserve | None = None) -> None:
        store.migrate(ROOM, MIGRATIONS)
        self._store = store
        self._reserve = reserve or Reserve(store.path.parent)
        tokens = MemoryTokens(store)
        memories = Memories(store, tokens)
        threads = Threads(store, memories)
        jobs = Jobs(store, memories, tokens)
        events = Events(store, memories, tokens, threads, jobs)
        self._search = Search(store)
        records = MemoryRecords(store, memories, tokens, self._search)
        self._jobs = jobs
        self._drawing = Drawing(store, memories, records, jobs)
        self._chores = Chores(store, memories, records, self._search, jobs, tokens, self._drawing)
        self._perform: dict[str, Perform] = {
            "CreateMemory": memories.create,
            "GetMemory": memories.get,
            "ListMemories": memories.list,
            "UpdateMemory": memories.update,
            "DeleteMemory": memories.delete,
            "TagResource": memories.tag,
            "UntagResource": memories.untag,
            "ListTagsForResource": memories.list_tags,
            "CreateEvent": events.create,
            "GetEvent": events.get,
            "DeleteEvent": events.delete,
            "ListEvents": events.list,
            "ListActors": threads.list_actors,
            "ListSessions": threads.list_sessions,
            "BatchCreateMemoryRecords": records.create,
            "BatchUpdateMemoryRecords": records.update,
            "BatchDeleteMemoryRecords": records.delete_batch,
            "GetMemoryRecord": records.get,
            "DeleteMemoryRecord": records.delete,
            "ListMemoryRecords": records.list,
            "RetrieveMemoryRecords": records.retrieve,
            "ListMemoryExtractionJobs": jobs.list,
            "StartMemoryExtractionJob": jobs.start,
        }

    def chore(self) -> bool:
        """Do a little of what is left to do; whether there may be more."""
        try:
            return self._chores.step(adds=not self._reserve.refusal)
        except (ServiceFault, sqlite3.Error) as error:
            _failed(self._store, error)
            return False

    def answer(self, batch: Sequence[Asked]) -> list[Answered]:
        """The answers to a batch, in its order; what they say is done survives a power cut."""
        self._chores.now = max(asked.now for asked in batch)
        answers: dict[int, Answered] = {}
        calls: dict[int, MemoryCall] = {}
        for number, asked in enumerate(batch):
            try:
                if asked.inner:
                    answers[number] = self._inner(asked)
                else:
                    calls[number] = _read(asked)
            except ServiceFault as fault:
                answers[number] = Answered.of(fault)
        if writes := {number: call for number, call in calls.items() if not call.operation.reads}:
            answers.update(zip(writes, self._write(list(writes.values())), strict=True))
        answers |= {number: self._attempt(call) for number, call in calls.items() if call.operation.reads}
        if self._jobs.news():
            answers[len(batch) - 1].owes = True
        return [answers[number] for number in range(len(batch))]

    def _inner(self, asked: Asked) -> Answered:
        """What the server asks for on behalf of a project's file."""
        try:
            with self._store.transaction():
                if asked.inner == "read":
                    readings = self._drawing.to_read(msgspec.msgpack.decode(asked.body, type=int))
                    return Answered(200, [], msgspec.msgpack.encode(readings))
                for found in msgspec.msgpack.decode(asked.body, type=list[DrawnRecords]):
                    self._drawing.keep(found, asked.now)
                return Answered(200, [], b"")
        except (ServiceFault, sqlite3.Error) as error:
            return Answered.of(_failed(self._store, error))

    def _write(self, calls: Sequence[MemoryCall]) -> list[Answered]:
        """All of them in one transaction; when that can't be committed, all of them are refused."""
        refusal = self._reserve.refusal
        try:
            with self._store.transaction():
                return [
                    self._refused(refusal) if refusal and operations.adds(call.operation) else self._apart(call)
                    for call in calls
                ]
        except (ServiceFault, sqlite3.Error) as error:
            return [Answered.of(_failed(self._store, error))] * len(calls)

    def _refused(self, refusal: str) -> Answered:
        return Answered.of(ServiceFault.quota(f"{refusal[0].upper()}{refusal[1:]}; nothing was changed"))

    def _apart(self, call: MemoryCall) -> Answered:
        """One write of several: it is done whole, or not at all."""
        self._store.execute("SAVEPOINT one")
        answered = self._attempt(call)
        if answered.type and self._store.broken:
            raise ServiceFault.internal(answered.body.decode())
        if answered.type:
            self._store.execute("ROLLBACK TO one")
        self._store.execute("RELEASE one")
        return answered

    def _attempt(self, call: MemoryCall) -> Answered:
        try:
            answer = self._perform[call.operation.name](call)
        except ServiceFault as fault:
            return Answered.of(_named(fault))
        except sqlite3.Error as error:
            return Answered.of(_failed(self._store, error))
        except Exception:
            _log.exception("%s failed", call.operation.name)
            return Answered.of(_named(ServiceFault.internal("The local memory failed; see server.log")))
        body = b"" if call.operation.status == 204 else msgspec.json.encode(answer)
        headers = list(JSON_HEADERS)
        if call.operation.name == "GetMemory":
            headers.append((HEADER_RETRIEVAL, self._search.way))
        return Answered(call.operation.status, headers, body)


def _read(asked: Asked) -> MemoryCall:
    """The request as a call. Raises ServiceFault (400, 404)."""
    found = operations.find(asked.method, asked.segments)
    if found is None:
        raise ServiceFault.unknown_operation()
    operation, in_path = found
    members = requests.read(operation, in_path, asked.query, asked.body)
    return MemoryCall(operation, members, asked.region, asked.now, asked.granted, asked.project)


def _named(fault: ServiceFault) -> ServiceFault:
    """The fault as memory's model names it."""
    if fault.type == "InternalServerException":
        return ServiceFault(fault.status, "ServiceException", fault.message)
    return fault


def _failed(store: Database, error: Exception) -> ServiceFault:
    message = error.message if isinstance(error, ServiceFault) else f"{store.path}: {error}; nothing was changed"
    _log.error("%s", message)
    return ServiceFault(500, "ServiceException", message)
