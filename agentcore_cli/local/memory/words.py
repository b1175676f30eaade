"""The words of a memory's records: an index of SQLite's FTS5 per memory, and BM25 over it as a score from 0 to 1.

The score is BM25's as a share of what a record of average length gets that has each word of the search once, and at
most 1. So it does not depend on how many records there are: all words found is about 1, half of them about 0.5, rare
words counting for more. English endings do not matter (Porter's stems), nor do accents and case; in scripts without
blanks each character is a word. Words that say nothing are left out of a search, unless there is nothing else in it.

A search is never FTS5's own language: its words are picked out and quoted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from agentcore_cli.local.store import Store

WORDS_MAX: Final = 64  # of a search, the first ones
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
        whole = sum(self._weight(memory, word, row[0]) for word in words)
        rows = self._store.all(
            f"SELECT records.seq, bm25(words_{memory}) AS rank FROM words_{memory}"
            f" JOIN records ON records.seq = words_{memory}.rowid WHERE words_{memory} MATCH ?{condition}"
            " ORDER BY rank, records.seq DESC LIMIT ?",
            *(" OR ".join(map(_quoted, words)), *values, limit),
        )
        return [Found(seq, min(1.0, max(0.0, -rank / whole))) for seq, rank in rows]

    def _weight(self, memory: int, word: str, records: int) -> float:
        """A word's inverse document frequency, as FTS5's bm25() takes it."""
        row = self._store.one(f"SELECT count(*) FROM words_{memory} WHERE words_{memory} MATCH ?", _quoted(word))
        assert row is not None  # count(*) always gives a row
        weight = math.log((records - row[0] + 0.5) / (row[0] + 0.5))
        return weight if weight > 0 else 1e-6

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


def _quoted(word: str) -> str:
    return f'"{word}"'  # a word has no quote in it


def _spread(text: str) -> str:
    return _WITHOUT_BLANKS.sub(r" \g<0> ", text)
