"""The search over a memory's records: by their words, and with `agentcore-toolkit[embeddings]` by their sense too.

With both, a record's score is the better one. Vectors are made of what has none yet while nobody asks (`catch_up`), so
that the extra can be installed at any time, and a write does not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from agentcore_cli.local.memory import embeddings
from agentcore_cli.local.memory.vectors import Vectors
from agentcore_cli.local.memory.words import SearchHit, Words
from agentcore_cli.local.store import Database

CHUNK: Final = 200  # records that get a vector in one step


class Search:
    """Changes belong inside the Store's transaction. `way` is "bm25" or "embeddings"."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._words = Words(store)
        model = embeddings.installed()
        self._vectors = Vectors(store, model) if model is not None else None
        self._begin = -1  # the records behind this one may have no vector yet
        self._all_have_one = self._vectors is None

    @property
    def way(self) -> str:
        return "bm25" if self._vectors is None else "embeddings"

    def add(self, memory: int, seq: int, text: str) -> None:
        self._words.add(memory, seq, text)
        self._begin = min(self._begin, seq - 1)
        self._all_have_one = self._vectors is None

    def remove(self, memory: int, seq: int, text: str) -> None:
        """`text` is what was added."""
        self._words.remove(memory, seq, text)
        self._store.execute("DELETE FROM vectors WHERE record = ?", seq)

    def drop(self, memory: int) -> None:
        self._words.drop(memory)
        if self._vectors is not None:
            self._vectors.forget(memory)
        self._store.execute("DELETE FROM vectors WHERE memory = ?", memory)

    def find(self, memory: int, query: str, condition: str, values: Sequence[object], limit: int) -> list[SearchHit]:
        """The records, best first and newest first among equals, for which `condition` on `records` holds."""
        found = self._words.search(memory, query, condition, values, limit)
        if self._vectors is None:
            return found
        scores = dict(self._vectors.search(memory, query, condition, values, limit))
        for seq, score in found:
            scores[seq] = max(score, scores.get(seq, 0.0))
        best = sorted(scores.items(), key=lambda one: (-one[1], -one[0]))
        return [SearchHit(seq, score) for seq, score in best[:limit]]

    def behind(self) -> bool:
        """Whether some record may have no vector yet."""
        return not self._all_have_one

    def catch_up(self) -> None:
        """Make vectors for some records that have none."""
        assert self._vectors is not None, "without a model nothing is behind"
        rows = self._store.all(
            "SELECT memory, seq, text FROM records WHERE seq > ?"
            " AND NOT EXISTS (SELECT 1 FROM vectors WHERE record = records.seq) ORDER BY seq LIMIT ?",
            *(self._begin, CHUNK),
        )
        self._vectors.add([(memory, seq, text) for memory, seq, text in rows])
        self._all_have_one = len(rows) < CHUNK
        self._begin = rows[-1][1] if rows else self._begin
