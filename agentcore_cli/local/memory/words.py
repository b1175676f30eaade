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
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from agentcore_cli.local.store import Database

WORDS_MAX: Final = 64  # of a search, the first ones
COMMON: Final = 1000  # records that have a word make it a common one: it is not looked for, but counts where it is
CLOSELY: Final = 40  # records, at least, of which it is asked whether they have the common words
# Each by itself is one look into the index; both in one SELECT would be a walk through all of it.
_FIRST_AND_LAST: Final = (
    "SELECT (SELECT min(seq) FROM records WHERE memory = ?), (SELECT max(seq) FROM records WHERE memory = ?)"
)
_TOKENIZER: Final = "porter unicode61 remove_diacritics 2"
_WORD: Final = re.compile(r"\w+")
_WITHOUT_BLANKS: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_SAYS_NOTHING: Final = """
    a about an and are as at be been but by can could did do does for from had has have he her his how i if in into is
    it its me my no not of on or our she should so some such than that the their them then there these they this to
    was we were what when where which who whom why will with would you your
"""
_EMPTY: Final = frozenset(_SAYS_NOTHING.split())


class SearchHit(NamedTuple):
    """`seq` is the record's number, `score` from 0 to 1."""

    seq: int
    score: float


class _Word(NamedTuple):
    """A word of a search, and how many records have it: about, when it is `common`."""

    text: str
    records: int
    common: bool


class Words:
    """Changes belong inside the Store's transaction."""

    def __init__(self, store: Database) -> None:
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

    def search(self, memory: int, query: str, condition: str, values: Sequence[object], limit: int) -> list[SearchHit]:
        """The records, best first and newest first among equals, for which `condition` on `records` holds."""
        row = self._store.one("SELECT records FROM tallies WHERE memory = ?", memory)
        records = row[0] if row else 0
        words = searched(query)
        known = [word for text in words if (word := self._known(memory, text, records))]
        if not known:
            return []
        weights = {word: math.log(1 + (records - word.records + 0.5) / (word.records + 0.5)) for word in known}
        whole = sum(weights.values()) + (len(words) - len(known)) * max(weights.values())
        scores = self._telling(memory, weights, records)
        most = max(CLOSELY, 2 * limit)
        best = self._allowed(scores, condition, values, most) if scores else []
        if not best:
            best = self._newest(memory, known, condition, values)
            scores = dict.fromkeys(best, 0.0)
        for word, weight in weights.items():
            if word.common:
                for seq in self._having(memory, word, best):
                    scores[seq] += weight
        best.sort(key=lambda seq: (-scores[seq], -seq))
        return [SearchHit(seq, min(1.0, scores[seq] / whole)) for seq in best[:limit]]

    def _known(self, memory: int, text: str, records: int) -> _Word | None:
        """A word that some record has. How many have one that is common is told by how close the first of them lie."""
        if not records:
            return None
        table = f"words_{memory}"
        row = self._store.one(
            f"SELECT count(*), max(rowid) FROM (SELECT rowid FROM {table} WHERE {table} MATCH ? LIMIT ?)",
            *(_quoted(text), COMMON),
        )
        count, last = row or (0, 0)
        if count < COMMON:
            return _Word(text, count, common=False) if count else None
        first, end = self._store.one(_FIRST_AND_LAST, memory, memory) or (0, 0)
        share = (end - first + 1) / (last - first + 1)
        return _Word(text, min(records, round(count * max(1.0, share))), common=True)

    def _telling(self, memory: int, weights: Mapping[_Word, float], records: int) -> dict[int, float]:
        """What the words that are not common make of each record that has some: their BM25, weighed."""
        table, scores = f"words_{memory}", dict[int, float]()
        for word, weight in weights.items():
            if not word.common:
                share = weight / _weight_of_fts5(records, word.records)
                match = f"SELECT rowid, -bm25({table}) FROM {table} WHERE {table} MATCH ?"
                for seq, found in self._store.execute(match, _quoted(word.text)):
                    scores[seq] = scores.get(seq, 0.0) + found * share
        return scores

    def _allowed(self, scores: Mapping[int, float], condition: str, values: Sequence[object], most: int) -> list[int]:
        """The best records for which the condition holds; each step asks for more of them than the one before."""
        order = sorted(scores, key=lambda seq: (-scores[seq], -seq))
        allowed: list[int] = []
        at, step = 0, 2 * most
        while at < len(order) and len(allowed) < most:
            asked = order[at : at + step]
            rows = self._store.execute(
                f"SELECT seq FROM records WHERE seq IN (SELECT value FROM json_each(?)){condition}",
                *(json.dumps(asked), *values),
            )
            there = {seq for (seq,) in rows}
            allowed += [seq for seq in asked if seq in there]
            at, step = at + step, 4 * step
        return allowed[:most]

    def _newest(self, memory: int, words: Sequence[_Word], condition: str, values: Sequence[object]) -> list[int]:
        """The newest records that have all of the words, or else the rarest."""
        match = [_quoted(word.text) for word in sorted(words, key=lambda word: word.records)]
        for asked in (" AND ".join(match), match[0]):
            rows = self._store.all(
                f"SELECT records.seq FROM words_{memory} JOIN records ON records.seq = words_{memory}.rowid"
                f" WHERE words_{memory} MATCH ?{condition} ORDER BY words_{memory}.rowid DESC LIMIT ?",
                *(asked, *values, CLOSELY),
            )
            if rows:
                return [seq for (seq,) in rows]
        return []

    def _having(self, memory: int, word: _Word, seqs: Sequence[int]) -> list[int]:
        """Those of the records that have a word."""
        table = f"words_{memory}"
        rows = self._store.execute(
            f"SELECT rowid FROM {table} WHERE {table} MATCH ? AND rowid IN (SELECT value FROM json_each(?))",
            *(_quoted(word.text), json.dumps(seqs)),
        )
        return [seq for (seq,) in rows]

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
