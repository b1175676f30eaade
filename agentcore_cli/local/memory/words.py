"""The words of a memory's records: an index of SQLite's FTS5 per memory, and BM25 over it as a score from 0 to 1.

The score is BM25's as a share of what a record of average length gets that has each word of the search once, and at
most 1. So it says how well a record fits, be there one or a million: all words found is about 1, half of them about
0.5, rare words counting for more, and one that no record has for as much as the rarest that one has.

English endings do not matter (Porter's stems), nor do accents and case; in scripts without blanks each character is a
word. Words that say nothing are left out of a search, unless there is nothing else in it.

A search is never FTS5's own language: its words are picked out and quoted.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from agentcore_cli.local.store import Store

WORDS_MAX: Final = 64  # of a search, the first ones
CANDIDATES: Final = 100  # records that a search looks at closely, at least
_TOKENIZER: Final = "porter unicode61 remove_diacritics 2"
_WORD: Final = re.compile(r"\w+")
_WITHOUT_BLANKS: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SAYS_NOTHING: Final = """
    a about an and are as at be been but by can could did do does for from had has have he her his how i if in into is
    it its me my no not of on or our she should so some such than that the their them then there these they this to
    was we were what when where which who whom why will with would you your
"""
_EMPTY: Final = frozenset(_SAYS_NOTHING.split())


class Found(NamedTuple):
    """`seq` is the record's number, `score` from 0 to 1."""

    seq: int
    score: float


class Words:
    """Changes belong inside the Store's transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, memory: int, seq: int, text: str) -> None:
        self._store.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS words_{memory} USING fts5(text, content='', tokenize='{_TOKENIZER}')"
        )
        self._store.execute(f"INSERT INTO words_{memory} (rowid, text) VALUES (?, ?)", seq, _spread(text))
        self._count(memory, 1)

    def remove(self, memory: int, seq: int, text: str) -> None:
        """`text` is what was added."""
        self._store.execute(
            f"INSERT INTO words_{memory} (words_{memory}, rowid, text) VALUES ('delete', ?, ?)", seq, _spread(text)
        )
        self._count(memory, -1)

    def drop(self, memory: int) -> None:
        self._store.execute(f"DROP TABLE IF EXISTS words_{memory}")
        self._store.execute("DELETE FROM tallies WHERE memory = ?", memory)

    def search(self, memory: int, query: str, condition: str, values: Sequence[object], limit: int) -> list[Found]:
        """The records, best first and newest first among equals, for which `condition` on `records` holds."""
        row = self._store.one("SELECT records FROM tallies WHERE memory = ?", memory)
        words = searched(query)
        if row is None or row[0] == 0 or not words:
            return []
        counts = {word: count for word in words if (count := self._records_with(memory, word))}
        if not counts:
            return []
        weights = {word: math.log(1 + (row[0] - count + 0.5) / (count + 0.5)) for word, count in counts.items()}
        whole = sum(weights.get(word, max(weights.values())) for word in words)
        scores = dict.fromkeys(self._candidates(memory, list(counts), condition, values, limit), 0.0)
        for word, count in counts.items():
            share = weights[word] / whole / _weight_of_fts5(row[0], count)
            for seq, rank in self._ranks(memory, word, list(scores)):
                scores[seq] -= rank * share
        best = sorted(scores.items(), key=lambda found: (-found[1], -found[0]))
        return [Found(seq, min(1.0, score)) for seq, score in best[:limit]]

    def _candidates(
        self, memory: int, words: Sequence[str], condition: str, values: Sequence[object], limit: int
    ) -> list[int]:
        """The records that are worth a closer look."""
        rows = self._store.all(
            f"SELECT records.seq FROM words_{memory} JOIN records ON records.seq = words_{memory}.rowid"
            f" WHERE words_{memory} MATCH ?{condition} ORDER BY bm25(words_{memory}), records.seq DESC LIMIT ?",
            *(" OR ".join(map(_quoted, words)), *values, max(CANDIDATES, 2 * limit)),
        )
        return [seq for (seq,) in rows]

    def _ranks(self, memory: int, word: str, seqs: Sequence[int]) -> list[tuple[int, float]]:
        """FTS5's bm25() of one word, below 0, for those of the records that have it."""
        rows = self._store.all(
            f"SELECT rowid, bm25(words_{memory}) FROM words_{memory} WHERE words_{memory} MATCH ?"
            " AND rowid IN (SELECT value FROM json_each(?))",
            *(_quoted(word), json.dumps(seqs)),
        )
        return [(seq, rank) for seq, rank in rows]

    def _records_with(self, memory: int, word: str) -> int:
        row = self._store.one(f"SELECT count(*) FROM words_{memory} WHERE words_{memory} MATCH ?", _quoted(word))
        assert row is not None  # count(*) always gives a row
        return int(row[0])

    def _count(self, memory: int, more: int) -> None:
        self._store.execute(
            "INSERT INTO tallies VALUES (?, ?) ON CONFLICT (memory) DO UPDATE SET records = records + ?",
            *(memory, more, more),
        )


def searched(query: str) -> list[str]:
    """The words of a search that count, each once."""
    words = list(dict.fromkeys(_WORD.findall(_spread(query.lower()))))
    telling = [word for word in words if word not in _EMPTY]
    return (telling or words)[:WORDS_MAX]


def _weight_of_fts5(records: int, count: int) -> float:
    """The inverse document frequency in FTS5's bm25(): nothing for a word that every other record has."""
    weight = math.log((records - count + 0.5) / (count + 0.5))
    return weight if weight > 0 else 1e-6


def _quoted(word: str) -> str:
    return f'"{word}"'  # a word has no quote in it


def _spread(text: str) -> str:
    return _WITHOUT_BLANKS.sub(r" \g<0> ", text)
