"""The vectors of records: kept in the tables, compared in memory.

What is held of a memory is what its rows were when they were read; a row is never changed, only replaced by one with a
higher number. So before each search the new ones are read, and of those found it is asked whether they are there still.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from agentcore_cli.local.memory.embeddings import SIZE, Model
from agentcore_cli.local.memory.words import SearchHit
from agentcore_cli.local.store import Database

CLOSEST: Final = 400  # that a search looks at first
ALIKE: Final = 0.2  # cosine from which on two texts have to do with each other


class Vectors:
    def __init__(self, store: Database, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._model: Model | None = None
        self._read: dict[int, tuple[Any, Any]] = {}  # by memory: the numbers of rows, and the rows

    def add(self, records: Sequence[tuple[int, int, str]]) -> None:
        """Vectors for records: memory, number, text."""
        if not records:
            return
        rows = self._loaded().vectors([text for _, _, text in records]).astype("float16")
        for (memory, seq, _), row in zip(records, rows, strict=True):
            self._store.execute(
                "INSERT OR REPLACE INTO vectors (memory, record, vector) VALUES (?, ?, ?)", memory, seq, row.tobytes()
            )

    def search(self, memory: int, query: str, condition: str, values: Sequence[object], limit: int) -> list[SearchHit]:
        """The records whose sense is close to the query's, for which `condition` on `records` holds."""
        numbers, rows = self._rows(memory)
        if not len(numbers):
            return []
        alike = rows @ self._loaded().vectors([query])[0]
        order = (-alike).argsort(kind="stable")
        order = order[: int((alike >= ALIKE).sum())]
        found: list[SearchHit] = []
        for at in range(0, len(order), CLOSEST):
            places = order[at : at + CLOSEST]
            there = dict(self._there([int(numbers[place]) for place in places], condition, values))
            scores = ((there.get(int(numbers[place])), float(alike[place])) for place in places)
            found += [SearchHit(seq, min(1.0, score)) for seq, score in scores if seq is not None]
            if len(found) >= limit:
                break
        return found[:limit]

    def forget(self, memory: int) -> None:
        """Hold nothing of a memory any more."""
        self._read.pop(memory, None)

    def _there(self, numbers: list[int], condition: str, values: Sequence[object]) -> list[tuple[int, int]]:
        """Of rows by number those that are there, with their records."""
        rows = self._store.all(
            "SELECT vectors.seq, records.seq FROM vectors JOIN records ON records.seq = record"
            f" WHERE vectors.seq IN (SELECT value FROM json_each(?)){condition}",
            *(msgspec.json.encode(numbers).decode(), *values),
        )
        return [(row[0], row[1]) for row in rows]

    def _rows(self, memory: int) -> tuple[Any, Any]:
        import numpy

        empty = (numpy.zeros(0, dtype="int64"), numpy.zeros((0, SIZE), dtype="float32"))
        numbers, rows = self._read.get(memory, empty)
        last = int(numbers[-1]) if len(numbers) else 0
        new = self._store.all("SELECT seq, vector FROM vectors WHERE memory = ? AND seq > ? ORDER BY seq", memory, last)
        if new:
            read = numpy.frombuffer(b"".join(vector for _, vector in new), dtype="float16").reshape(-1, SIZE)
            numbers = numpy.concatenate([numbers, numpy.array([seq for seq, _ in new], dtype="int64")])
            rows = numpy.concatenate([rows, read.astype("float32")])
            self._read[memory] = (numbers, rows)
        return numbers, rows

    def _loaded(self) -> Model:
        if self._model is None:
            self._model = Model(self._folder)
        return self._model
