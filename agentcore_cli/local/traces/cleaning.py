"""What is not kept for ever: the newest 10,000 traces are, for two weeks by the runtime's clock, up to half a gigabyte.

No session can write so much that others' traces go: above its own share it loses its own oldest ones.
"""

from __future__ import annotations

from typing import Final

from agentcore_cli.local.store import Database

TRACES_MAX: Final = 10_000
UNCALLED_MAX: Final = 1_000  # traces of a session that no call led to
SECONDS_MAX: Final = 14 * 86_400
SESSION_BYTES_MAX: Final = 67_108_864
BYTES_MAX: Final = 536_870_912
STEP: Final = 100  # parts that are deleted at once


class TraceCleaning:
    """Looks after each write whether there is something to delete."""

    def __init__(self, store: Database, traces_max: int = TRACES_MAX) -> None:
        self._store = store
        self._traces_max = traces_max

    def clean(self, now: float) -> None:
        """Delete what is too old or too much."""
        self._delete("SELECT id FROM parts WHERE seen < ?", now - SECONDS_MAX)
        self._delete(
            "SELECT id FROM parts WHERE hangs IS NULL ORDER BY id DESC LIMIT -1 OFFSET ?",
            self._traces_max,
        )
        for owner, size in self._store.all("SELECT id, bytes FROM sessions WHERE bytes > ?", SESSION_BYTES_MAX):
            self._shrink("session = ?", owner, size - SESSION_BYTES_MAX)
        row = self._store.one("SELECT coalesce(sum(bytes), 0) FROM sessions")
        if row is not None and row[0] > BYTES_MAX:
            self._shrink("?", 1, row[0] - BYTES_MAX)

    def limit_uncalled(self, arn: str, endpoint: str, session: str) -> None:
        """Delete the oldest traces that a session has begun by itself, above its share of them."""
        self._delete(
            "SELECT p.id FROM parts p JOIN sessions s ON p.session = s.id WHERE (s.arn, s.endpoint, s.session) "
            "= (?, ?, ?) AND p.is_called = 0 AND p.hangs IS NULL ORDER BY p.id DESC LIMIT -1 OFFSET ?",
            *(arn, endpoint, session, UNCALLED_MAX),
        )

    def _shrink(self, whose: str, value: int, excess: int) -> None:
        """Delete the oldest parts until so many bytes are gone."""
        chosen = []
        for part, size in self._store.all(
            f"SELECT id, bytes FROM parts WHERE {whose} ORDER BY id",
            value,
        ):
            if excess <= 0:
                break
            chosen.append(part)
            excess -= size
        self._remove(chosen)

    def _delete(self, which: str, *values: object) -> None:
        self._remove([row[0] for row in self._store.all(which, *values)])

    def _remove(self, parts: list[int]) -> None:
        for at in range(0, len(parts), STEP):
            some = parts[at : at + STEP]
            marks = ",".join("?" * len(some))
            below = (
                f"WITH RECURSIVE gone (id) AS (SELECT id FROM parts WHERE id IN ({marks}) "
                "UNION SELECT p.id FROM parts p JOIN gone ON p.hangs = gone.id) "
            )
            sizes = self._store.all(
                f"{below} SELECT session, sum(bytes) FROM parts WHERE id IN gone GROUP BY session",
                *some,
            )
            for owner, size in sizes:
                self._store.execute("UPDATE sessions SET bytes = max(0, bytes - ?) WHERE id = ?", size, owner)
            self._store.execute(f"DELETE FROM parts WHERE id IN ({marks})", *some)
        if parts:
            self._store.execute("DELETE FROM sessions WHERE id NOT IN (SELECT session FROM parts)")
            self._store.execute("DELETE FROM origins WHERE id NOT IN (SELECT origin FROM spans)")
