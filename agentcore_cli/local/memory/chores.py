"""What the process does while nobody asks for anything: each step is small, and one transaction.

All of it is found in the tables: events that wait for extraction, what has expired, and what a deleted memory left.
"""

from __future__ import annotations

import time
from typing import Any, Final

from agentcore_cli.local.memory.drawing import Drawing
from agentcore_cli.local.memory.jobs import Jobs
from agentcore_cli.local.memory.memories import Memories, MemoryRow
from agentcore_cli.local.memory.records import MemoryRecords
from agentcore_cli.local.memory.search import Search
from agentcore_cli.local.memory.tokens import MemoryTokens
from agentcore_cli.local.store import Database

CHUNK: Final = 200  # rows that one step removes
EVENTS: Final = 20  # events that one step extracts from
SWEEP_SECONDS: Final = 10.0  # between looks for what has expired


class Chores:
    """`now` is the runtime's clock as the last request told it; 0 before the first."""

    def __init__(
        self,
        store: Database,
        memories: Memories,
        records: MemoryRecords,
        search: Search,
        jobs: Jobs,
        tokens: MemoryTokens,
        drawing: Drawing,
    ) -> None:
        self.now = 0.0
        self._store = store
        self._memories = memories
        self._records = records
        self._jobs = jobs
        self._tokens = tokens
        self._drawing = drawing
        self._search = search
        self._sweep_at = 0.0

    def step(self, *, adds: bool = True) -> bool:
        """Do some of it, without `adds` only what removes; whether there may be more."""
        if not self.now:
            return False
        if adds and (waiting := self._jobs.waiting(EVENTS)):
            with self._store.transaction():
                for one in waiting:
                    self._drawing.draw(one, self.now)
            return True
        if adds and self._search.behind():
            with self._store.transaction():
                self._search.catch_up()
            return True
        if time.monotonic() < self._sweep_at:
            return False
        with self._store.transaction():
            more = any(self._sweep(memory) for memory in self._memories.all())
            more = any([more, self._sweep_records(), self._tokens.forget(self.now)])
        self._sweep_at = 0.0 if more else time.monotonic() + SWEEP_SECONDS
        return more

    def _sweep(self, memory: MemoryRow) -> bool:
        """Remove some of what has expired, or of a memory that is gone; whether there may be more."""
        if memory.status == "DELETING" and memory.settles_at <= self.now:
            return self._remove(memory)
        return self._remove_events(memory, "expires_at <= ?", self.now)

    def _remove(self, memory: MemoryRow) -> bool:
        if self._remove_events(memory, "1"):
            return True
        self._search.drop(memory.seq)
        some = "SELECT seq FROM records WHERE memory = ? LIMIT ?"
        if self._store.execute(f"DELETE FROM records WHERE seq IN ({some})", memory.seq, CHUNK).rowcount == CHUNK:
            return True
        for statement in (
            "DELETE FROM branches WHERE session IN (SELECT sessions.seq FROM sessions JOIN actors"
            " ON actors.seq = sessions.actor WHERE memory = ?)",
            "DELETE FROM sessions WHERE actor IN (SELECT seq FROM actors WHERE memory = ?)",
            "DELETE FROM actors WHERE memory = ?",
            "DELETE FROM jobs WHERE memory = ?",
            "DELETE FROM memories WHERE seq = ?",
        ):
            self._store.execute(statement, memory.seq)
        return False

    def _remove_events(self, memory: MemoryRow, condition: str, *values: Any) -> bool:
        rows = self._store.all(
            f"SELECT seq, session FROM events WHERE memory = ? AND {condition} LIMIT ?", memory.seq, *values, CHUNK
        )
        for seq, _ in rows:
            self._store.execute("DELETE FROM events WHERE seq = ?", seq)
        for session in {session for _, session in rows}:
            self._remove_if_empty(session)
        return len(rows) == CHUNK

    def _remove_if_empty(self, session: int) -> None:
        """A session that has no event any more goes with the last that expired, and its actor with its last session."""
        empty = "NOT EXISTS (SELECT 1 FROM events WHERE events.session = ?)"
        self._store.execute(f"DELETE FROM branches WHERE session = ? AND {empty}", session, session)
        row = self._store.one("SELECT actor FROM sessions WHERE seq = ?", session)
        self._store.execute(f"DELETE FROM sessions WHERE seq = ? AND {empty}", session, session)
        if row is not None:
            self._store.execute(
                "DELETE FROM actors WHERE seq = ? AND NOT EXISTS (SELECT 1 FROM sessions WHERE actor = ?)",
                *(row[0], row[0]),
            )

    def _sweep_records(self) -> bool:
        rows = self._store.all("SELECT memory, seq, text FROM records WHERE expires_at <= ? LIMIT ?", self.now, CHUNK)
        for memory, seq, text in rows:
            self._records.remove(memory, seq, text)
        return len(rows) == CHUNK
