"""The operations on events: what was said in a session, newest first.

When an event expires is settled when it is written: a memory's eventExpiryDuration that is changed later is for later
events (developer guide, memory-create-a-memory-store).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory import paging
from agentcore_cli.local.memory.branches import MAIN, Branches
from agentcore_cli.local.memory.call import MemoryCall
from agentcore_cli.local.memory.event_ids import event_id, place_of
from agentcore_cli.local.memory.filters import of_metadata
from agentcore_cli.local.memory.jobs import Jobs
from agentcore_cli.local.memory.memories import DAY, Memories, MemoryRow
from agentcore_cli.local.memory.rules import EVENT_MAX
from agentcore_cli.local.memory.threads import Thread, Threads
from agentcore_cli.local.memory.tokens import MemoryTokens
from agentcore_cli.local.store import Database

PAGE_BYTES: Final = 10_000_000  # of payloads; a page ends behind the event that reaches it
_COLUMNS: Final = "ms, seq, stamp, branch, metadata, payload"

Json = dict[str, Any]


class _Event(NamedTuple):
    """`metadata` and `payload` are JSON."""

    ms: int
    seq: int
    stamp: float
    branch: str
    metadata: str | None
    payload: str


class Events:
    def __init__(self, store: Database, memories: Memories, tokens: MemoryTokens, threads: Threads, jobs: Jobs) -> None:
        self._store = store
        self._memories = memories
        self._tokens = tokens
        self._threads = threads
        self._jobs = jobs
        self._branches = Branches(store)

    def create(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        if memory.status == "DELETING":
            raise ServiceFault.validation("Memory status is not active")
        made = self._tokens.once(call, memory.id, lambda: self._create(call, memory))
        return {"event": self._remembered(call, memory, made)}

    def get(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        thread, event = self._existing(call, memory)
        return {"event": self._shown(memory, thread, event)}

    def delete(self, call: MemoryCall) -> Json:
        _, event = self._existing(call, self._memories.find(call))
        self._store.execute("DELETE FROM events WHERE seq = ?", event.seq)
        return {"eventId": event_id(event.ms, event.seq)}

    def list(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        place = paging.after(call, 2)
        thread = self._threads.find(memory, call.members["actorId"], call.members["sessionId"])
        with_payload = call.members.get("includePayloads", True)
        shown: list[Json] = []
        answer: Json = {"events": shown}
        if thread is None:
            return answer
        size, length, last = paging.size(call), 0, (0, 0)
        for event in self._newest(call, memory, thread, place):
            if len(shown) == size or length >= PAGE_BYTES:
                answer["nextToken"] = paging.token(call, *last)
                break
            last = (event.ms, event.seq)
            length += len(event.payload) if with_payload else 0
            shown.append(self._shown(memory, thread, event, with_payload=with_payload))
        return answer

    def _create(self, call: MemoryCall, memory: MemoryRow) -> Json:
        payload = msgspec.json.encode(call.members["payload"])
        if len(payload) > EVENT_MAX:
            raise ServiceFault.invalid("payload", f"payload: an event holds at most {EVENT_MAX} bytes")
        session = call.members.get("sessionId") or str(uuid.uuid4())
        thread = self._threads.enter(memory, call.members["actorId"], session, call.now)
        branch = self._branches.enter(thread.seq, call.members.get("branch"))
        stamp = call.members["eventTimestamp"]
        metadata = call.members.get("metadata")
        ms = round(stamp * 1000)
        cursor = self._store.execute(
            "INSERT INTO events (memory, session, ms, stamp, expires_at, branch, metadata, payload)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(memory.seq, thread.seq, ms, stamp, call.now + memory.expiry_days * DAY, branch),
            *(None if metadata is None else msgspec.json.encode(metadata).decode(), payload.decode()),
        )
        assert cursor.lastrowid is not None  # an INSERT has one
        if memory.strategies and "extractionMode" not in call.members:
            variables = call.members.get("extractionConfig", {}).get("namespaceVariables", {})
            self._jobs.add(memory, cursor.lastrowid, variables)
        return {"session": session, "event": event_id(ms, cursor.lastrowid)}

    def _remembered(self, call: MemoryCall, memory: MemoryRow, made: Json) -> Json:
        """The event that was made, now or when its token came first, as it was asked for."""
        branch = call.members.get("branch", {})
        return {
            "memoryId": memory.id,
            "actorId": call.members["actorId"],
            "sessionId": made["session"],
            "eventId": made["event"],
            "eventTimestamp": call.members["eventTimestamp"],
            "payload": call.members["payload"],
            **({"branch": branch} if branch else {}),
            **({"metadata": call.members["metadata"]} if "metadata" in call.members else {}),
        }

    def _existing(self, call: MemoryCall, memory: MemoryRow) -> tuple[Thread, _Event]:
        thread = self._threads.find(memory, call.members["actorId"], call.members["sessionId"])
        if thread is not None:
            ms, seq = place_of(call.members["eventId"])
            row = self._store.one(
                f"SELECT {_COLUMNS} FROM events WHERE session = ? AND ms = ? AND seq = ? AND expires_at > ?",
                *(thread.seq, ms, seq, call.now),
            )
            if row is not None:
                return thread, _Event(*row)
        raise ServiceFault.not_found(f"Event not found: {call.members['eventId']}")

    def _newest(self, call: MemoryCall, memory: MemoryRow, thread: Thread, place: Sequence[int]) -> Iterator[_Event]:
        """The events that a list asks for, from its place on, as they are read."""
        asked = call.members.get("filter", {})
        ms, seq = place
        condition, values = of_metadata(asked.get("eventMetadata", []))
        condition += " AND expires_at > ?"
        values = [*values, call.now]
        if "branch" in asked:
            name, parents = asked["branch"]["name"], asked["branch"].get("includeParentBranches", False)
            rows = self._branches.newest(thread.seq, name, (ms, seq), _COLUMNS, condition, values, parents=parents)
        else:
            rows = self._store.execute(
                f"SELECT {_COLUMNS} FROM events WHERE session = ? AND (ms, seq) < (?, ?){condition}"
                " ORDER BY ms DESC, seq DESC",
                *(thread.seq, ms, seq, *values),
            )
        return map(_Event._make, rows)

    def _shown(self, memory: MemoryRow, thread: Thread, event: _Event, *, with_payload: bool = True) -> Json:
        shown: Json = {
            "memoryId": memory.id,
            "actorId": thread.actor,
            "sessionId": thread.session,
            "eventId": event_id(event.ms, event.seq),
            "eventTimestamp": event.stamp,
            "payload": msgspec.Raw(event.payload.encode()) if with_payload else [],
        }
        if event.branch != MAIN:
            shown["branch"] = self._branches.shown(thread.seq, event.branch)
        if event.metadata is not None:
            shown["metadata"] = msgspec.Raw(event.metadata.encode())
        return shown
