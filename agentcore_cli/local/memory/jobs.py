"""Extraction jobs: what is to be made of each event, and what could not be.

An event waits from the transaction on that made it, so none is forgotten by a kill. What fails is a job that
ListMemoryExtractionJobs shows, as the service does, and StartMemoryExtractionJob lets it wait once more.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from agentcore_cli.local.memory import paging
from agentcore_cli.local.memory.call import Call
from agentcore_cli.local.memory.memories import Memories
from agentcore_cli.local.memory.tokens import Tokens
from agentcore_cli.local.store import Store
from agentcore_cli.local.wire import ServiceFault

Json = dict[str, Any]


class Waiting(NamedTuple):
    """An event, by number, that waits for its memory's strategies, or for one of them."""

    seq: int
    event: int
    variables: dict[str, str]
    strategy: str | None


class Failed(NamedTuple):
    memory: int
    strategy: str
    event: int
    event_id: str
    variables: Mapping[str, str]
    session: str
    actor: str
    reason: str


class Jobs:
    def __init__(self, store: Store, memories: Memories, tokens: Tokens) -> None:
        self._store = store
        self._memories = memories
        self._tokens = tokens

    def add(self, event: int, variables: Mapping[str, str], strategy: str | None = None) -> None:
        self._store.execute(
            "INSERT INTO pending (event, variables, strategy) VALUES (?, ?, ?)",
            *(event, msgspec.json.encode(variables).decode(), strategy),
        )

    def waiting(self, limit: int) -> list[Waiting]:
        """Those that wait the longest."""
        rows = self._store.all("SELECT seq, event, variables, strategy FROM pending ORDER BY seq LIMIT ?", limit)
        return [Waiting(seq, event, msgspec.json.decode(told), strategy) for seq, event, told, strategy in rows]

    def done(self, waiting: Waiting) -> None:
        self._store.execute("DELETE FROM pending WHERE seq = ?", waiting.seq)

    def fail(self, failed: Failed) -> None:
        values = failed._replace(variables=msgspec.json.encode(failed.variables).decode())  # type: ignore[arg-type]
        self._store.execute(
            "INSERT INTO jobs (id, memory, strategy, event, event_id, variables, session, actor, reason)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(str(uuid.uuid4()), *values),
        )

    def list(self, call: Call) -> Json:
        memory = self._memories.find(call)
        asked = call.members.get("filter", {})
        (before,), size = paging.after(call), paging.size(call)
        columns = [column for column in ("strategy", "session", "actor") if f"{column}Id" in asked]
        rows = self._store.all(
            "SELECT id, event_id, reason, strategy, session, actor, seq FROM jobs WHERE memory = ? AND seq < ?"
            + "".join(f" AND {column} = ?" for column in columns)
            + " ORDER BY seq DESC LIMIT ?",
            *(memory.seq, before, *(asked[f"{column}Id"] for column in columns), size + 1),
        )
        answer: Json = {"jobs": [_shown(row) for row in rows[:size]]}
        if len(rows) > size:
            answer["nextToken"] = paging.token(call, rows[size - 1][-1])
        return answer

    def start(self, call: Call) -> Json:
        memory = self._memories.find(call)
        return self._tokens.once(
            call, memory.id, lambda: self._start(call.members["extractionJob"]["jobId"], memory.seq)
        )

    def _start(self, job_id: str, memory: int) -> Json:
        row = self._store.one("SELECT event, variables, strategy FROM jobs WHERE id = ? AND memory = ?", job_id, memory)
        if row is None:
            raise ServiceFault.not_found(f"Extraction job not found: {job_id}")
        self._store.execute("DELETE FROM jobs WHERE id = ?", job_id)
        self.add(row[0], msgspec.json.decode(row[1]), row[2])
        return {"jobId": job_id}


def _shown(row: tuple[Any, ...]) -> Json:
    id, event_id, reason, strategy, session, actor, _ = row
    return {
        "jobID": id,
        "messages": {"messagesList": [{"eventId": event_id, "messageIndex": 0}]},
        "status": "FAILED",
        "failureReason": reason,
        "strategyId": strategy,
        "sessionId": session,
        "actorId": actor,
    }
