"""Actors of a memory and their sessions: they are there from their first event on."""

from __future__ import annotations

from typing import Any, NamedTuple

from agentcore_cli.local.memory import paging
from agentcore_cli.local.memory.call import MemoryCall
from agentcore_cli.local.memory.memories import Memories, MemoryRow
from agentcore_cli.local.store import Database

Json = dict[str, Any]


class Thread(NamedTuple):
    """One session of one actor; `seq` is its number in the tables."""

    seq: int
    actor: str
    session: str


class Threads:
    def __init__(self, store: Database, memories: Memories) -> None:
        self._store = store
        self._memories = memories

    def find(self, memory: MemoryRow, actor: str, session: str) -> Thread | None:
        row = self._store.one(
            "SELECT sessions.seq FROM actors JOIN sessions ON sessions.actor = actors.seq"
            " WHERE memory = ? AND actors.actor = ? AND session = ?",
            *(memory.seq, actor, session),
        )
        return Thread(row[0], actor, session) if row else None

    def enter(self, memory: MemoryRow, actor: str, session: str, now: float) -> Thread:
        """The session, made if it is not there."""
        if (thread := self.find(memory, actor, session)) is not None:
            return thread
        self._store.execute("INSERT OR IGNORE INTO actors (memory, actor) VALUES (?, ?)", memory.seq, actor)
        cursor = self._store.execute(
            "INSERT INTO sessions (actor, session, created_at)"
            " SELECT seq, ?, ? FROM actors WHERE memory = ? AND actor = ?",
            *(session, now, memory.seq, actor),
        )
        assert cursor.lastrowid is not None  # an INSERT has one
        return Thread(cursor.lastrowid, actor, session)

    def list_actors(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        (before,), size = paging.after(call), paging.size(call)
        rows = self._store.all(
            "SELECT seq, actor FROM actors WHERE memory = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            *(memory.seq, before, size + 1),
        )
        return paging.listing(call, "actorSummaries", size, [(seq, {"actorId": actor}) for seq, actor in rows])

    def list_sessions(self, call: MemoryCall) -> Json:
        """With or without events, unless the filter asks for those with some."""
        memory = self._memories.find(call)
        actor = call.members["actorId"]
        (before,), size = paging.after(call), paging.size(call)
        has_events = "filter" in call.members and "eventFilter" in call.members["filter"]
        rows = self._store.all(
            "SELECT seq, session, created_at FROM sessions WHERE seq < ?"
            " AND actor = (SELECT seq FROM actors WHERE memory = ? AND actor = ?)"
            " AND (? OR EXISTS (SELECT 1 FROM events WHERE events.session = sessions.seq AND expires_at > ?))"
            " ORDER BY seq DESC LIMIT ?",
            *(before, memory.seq, actor, not has_events, call.now, size + 1),
        )
        shown = [(seq, {"sessionId": session, "actorId": actor, "createdAt": at}) for seq, session, at in rows]
        return paging.listing(call, "sessionSummaries", size, shown)
