"""Extraction jobs: what is to be made of each event, and what could not be.

An event waits from the transaction on that made it, so none is forgotten by a kill; it waits for this process, or,
where the memory has a file of the project's for that, for the server to have that run (`by_file`). What fails is a job
that ListMemoryExtractionJobs shows, as the service does, and StartMemoryExtractionJob lets it wait once more.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory import paging
from agentcore_cli.local.memory.call import MemoryCall
from agentcore_cli.local.memory.memories import Memories, MemoryRow
from agentcore_cli.local.memory.tokens import MemoryTokens
from agentcore_cli.local.store import Database

Json = dict[str, Any]


class Waiting(NamedTuple):
    """An event, by number, that waits for its memory's strategies, or for one of them."""

    seq: int
    event: int
    variables: dict[str, str]
    strategy: str | None


class Jobs:
    def __init__(self, store: Database, memories: Memories, tokens: MemoryTokens) -> None:
        self._store = store
        self._memories = memories
        self._tokens = tokens
        self._is_news = bool(self.waiting(1, by_file=True))

    def add(self, memory: MemoryRow, event: int, variables: Mapping[str, str], strategy: str | None = None) -> None:
        by_file = memory.extraction_file is not None
        self._is_news = self._is_news or by_file
        self._store.execute(
            "INSERT INTO pending (event, variables, strategy, by_file) VALUES (?, ?, ?, ?)",
            *(event, msgspec.json.encode(variables).decode(), strategy, by_file),
        )

    def news(self) -> bool:
        """Whether there is more that waits for the server than when this was asked last."""
        told, self._is_news = self._is_news, False
        return told

    def waiting(self, limit: int, *, by_file: bool = False, behind: int = 0) -> list[Waiting]:
        """Those that wait the longest, after the one of number `behind`."""
        rows = self._store.all(
            "SELECT seq, event, variables, strategy FROM pending WHERE by_file = ? AND seq > ? ORDER BY seq LIMIT ?",
            *(by_file, behind, limit),
        )
        return [Waiting(seq, event, msgspec.json.decode(told), strategy) for seq, event, told, strategy in rows]

    def numbered(self, seq: int) -> Waiting | None:
        row = self._store.one("SELECT seq, event, variables, strategy FROM pending WHERE seq = ?", seq)
        return Waiting(row[0], row[1], msgspec.json.decode(row[2]), row[3]) if row else None

    def leave_to_us(self, waiting: Waiting) -> None:
        """The memory has no file any more."""
        self._store.execute("UPDATE pending SET by_file = 0 WHERE seq = ?", waiting.seq)

    def done(self, waiting: Waiting) -> None:
        self._store.execute("DELETE FROM pending WHERE seq = ?", waiting.seq)

    def fail(
        self, waiting: Waiting, *, memory: int, strategy: str, event_id: str, session: str, actor: str, reason: str
    ) -> None:
        """What a strategy was to make of an event could not be made."""
        self._store.execute(
            "INSERT INTO jobs (id, memory, strategy, event, event_id, variables, session, actor, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(str(uuid.uuid4()), memory, strategy, waiting.event, event_id),
            *(msgspec.json.encode(waiting.variables).decode(), session, actor, reason),
        )

    def list(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        asked = call.members.get("filter", {})
        (before,), size = paging.after(call), paging.size(call)
        columns = [column for column in ("strategy", "session", "actor") if f"{column}Id" in asked]
        rows = self._store.all(
            "SELECT seq, id, event_id, reason, strategy, session, actor FROM jobs WHERE memory = ? AND seq < ?"
            + "".join(f" AND {column} = ?" for column in columns)
            + " ORDER BY seq DESC LIMIT ?",
            *(memory.seq, before, *(asked[f"{column}Id"] for column in columns), size + 1),
        )
        return paging.listing(call, "jobs", size, [(seq, _shown(*job)) for seq, *job in rows])

    def start(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        return self._tokens.once(call, memory.id, lambda: self._start(call.members["extractionJob"]["jobId"], memory))

    def _start(self, job_id: str, memory: MemoryRow) -> Json:
        query = "SELECT event, variables, strategy FROM jobs WHERE id = ? AND memory = ?"
        row = self._store.one(query, job_id, memory.seq)
        if row is None:
            raise ServiceFault.not_found(f"Extraction job not found: {job_id}")
        self._store.execute("DELETE FROM jobs WHERE id = ?", job_id)
        self.add(memory, row[0], msgspec.json.decode(row[1]), row[2])
        return {"jobId": job_id}


def _shown(id: str, event_id: str, reason: str, strategy: str, session: str, actor: str) -> Json:
    return {
        "jobID": id,
        "messages": {"messagesList": [{"eventId": event_id, "messageIndex": 0}]},
        "status": "FAILED",
        "failureReason": reason,
        "strategyId": strategy,
        "sessionId": session,
        "actorId": actor,
    }
