"""Branches of a session: each begins behind an event of another, its root, and `main` is what has none."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory.event_ids import place_of
from agentcore_cli.local.store import Database

MAIN: Final = "main"
Place = tuple[int, int]


class Branches:
    """Per session, by its number."""

    def __init__(self, store: Database) -> None:
        self._store = store

    def enter(self, session: int, asked: Mapping[str, Any] | None) -> str:
        """The branch that an event goes to, made if it is not there, and anew when its events are all deleted.

        Raises ServiceFault (400) for a root that is no event of the session, or not the one that the branch has.
        """
        if asked is None or asked == {"name": MAIN}:
            return MAIN
        name, root = asked["name"], asked.get("rootEventId")
        if name == MAIN:
            raise ServiceFault.invalid("branch", f"branch: {MAIN} has no root event")
        row = self._store.one("SELECT root FROM branches WHERE session = ? AND name = ?", session, name)
        if row is None or not self._has_events(session, name):
            parent = None if root is None else self._branch_of(session, root)
            self._store.execute("REPLACE INTO branches VALUES (?, ?, ?, ?)", session, name, root, parent)
        elif root is not None and row[0] is not None and place_of(root) != place_of(row[0]):
            raise ServiceFault.invalid("branch", f"branch: {name} begins behind {row[0]}")
        return str(name)

    def shown(self, session: int, name: str) -> dict[str, str]:
        row = self._store.one("SELECT root FROM branches WHERE session = ? AND name = ?", session, name)
        return {"name": name} | ({"rootEventId": row[0]} if row and row[0] else {})

    def newest(
        self,
        session: int,
        name: str,
        before: Place,
        columns: str,
        condition: str,
        values: Sequence[Any],
        *,
        parents: bool,
    ) -> Iterator[tuple[Any, ...]]:
        """The events of a branch, `columns` beginning with ms and seq, from `before` on.

        With `parents` those too from which it came: of each up to the root of the next, root included.
        """
        found: list[Iterable[tuple[Any, ...]]] = []
        for branch, end in self._line(session, name) if parents else [(name, before)]:
            ms, seq = min(before, end)
            found.append(
                self._store.execute(
                    f"SELECT {columns} FROM events WHERE session = ? AND branch = ? AND (ms, seq) < (?, ?){condition}"
                    " ORDER BY ms DESC, seq DESC",
                    *(session, branch, ms, seq, *values),
                )
            )
        return heapq.merge(*found, key=lambda row: (-row[0], -row[1]))

    def _line(self, session: int, name: str) -> Iterator[tuple[str, Place]]:
        """A branch and those from which it came, each with the place behind its last event that counts."""
        end: Place = (2**63 - 1, 0)
        seen: set[str] = set()
        branch: str | None = name
        while branch is not None and branch not in seen:
            seen.add(branch)
            yield branch, end
            row = self._store.one("SELECT root, parent FROM branches WHERE session = ? AND name = ?", session, branch)
            root, branch = row or (None, None)
            if root is not None:
                ms, seq = place_of(root)
                end = min(end, (ms, seq + 1))

    def _has_events(self, session: int, name: str) -> bool:
        return (
            self._store.one("SELECT 1 FROM events WHERE session = ? AND branch = ? LIMIT 1", session, name) is not None
        )

    def _branch_of(self, session: int, root: str) -> str:
        ms, seq = place_of(root)
        row = self._store.one("SELECT branch FROM events WHERE session = ? AND ms = ? AND seq = ?", session, ms, seq)
        if row is None:
            raise ServiceFault.invalid("branch", f"branch: no event of this session has the id {root}")
        return str(row[0])
