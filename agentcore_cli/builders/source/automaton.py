"""Many path patterns looked for at once, without backtracking: a nondeterministic automaton whose states are bits.

Every pattern is a row of tokens, and bit i of a state says that the tokens before token i have matched. A character of
the path moves all bits at once, so a path costs its length times the patterns' lengths divided by the width of a word,
whatever the patterns are. (Baeza-Yates and Gonnet's shift-and, with self-loops for wildcards.)
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_SEGMENTS: Final = "**/"
_ANYTHING: Final = "**"
_STAR: Final = "*"
_ONE: Final = "?"
_PIECE: Final = re.compile(r"\*\*/?|\*|\?|\\.|\[[^]]*\]|.", re.DOTALL)


class PatternError(ValueError):
    """A text is no pattern."""


class Automaton:
    """The patterns `texts`: `*`, `?` and `[…]` are for characters of one segment, `**` for any number of segments."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._consumers: dict[str, list[int]] = defaultdict(list)  # positions by the character that moves them on
        self._any_but_slash: list[int] = []
        self._classes: dict[str, list[int]] = defaultdict(list)
        self._segment_loops: list[int] = []  # any character but a slash keeps the position
        self._path_loops: list[int] = []  # any character keeps the position
        self._stars: list[int] = []  # may stand for nothing: the next position is reached as well
        self._skips: list[int] = []  # so may these, which are two positions long
        self._accepting: list[int] = []
        self._size = 0
        starts = [self._add(text) for text in texts]
        self._compiled = {text: _compiled(text) for text in self._classes}
        self._accepting_bits = self._bits(self._accepting)
        self._skip_bits = self._bits(self._skips)
        self._star_bits = self._bits(self._stars)
        self._loops = {True: self._bits(self._path_loops), False: self._bits(self._path_loops + self._segment_loops)}
        self._moves: dict[str, int] = {}
        self.start = self._closed(self._bits(starts))

    def advanced(self, state: int, text: str) -> int:
        """The state after `text`, which goes on where `state` stopped."""
        for character in text:
            if not state:
                break
            moved = (state & self._moving(character)) << 1
            state = self._closed(moved | (state & self._loops[character == "/"]))
        return state

    def last_accepted(self, state: int) -> int:
        """The number of the last pattern that has matched all of the text; -1 where none has."""
        accepted = state & self._accepting_bits
        return bisect_left(self._accepting, accepted.bit_length() - 1) if accepted else -1

    def _closed(self, state: int) -> int:
        """With what is reached without a character: wildcards may stand for nothing."""
        skipping = state & self._skip_bits
        state |= (skipping << 1) | (skipping << 2)
        return state | ((state & self._star_bits) << 1)

    def _add(self, text: str) -> int:
        """Lay a pattern's tokens out; gives the position of the first."""
        first = self._size
        for token in _tokens(text):
            self._lay(token)
        self._accepting.append(self._size)
        self._size += 1
        return first

    def _lay(self, token: str) -> None:
        if token == _SEGMENTS:
            self._skips.append(self._size)
            self._size += 1  # what follows stays until a slash moves it on
            self._path_loops.append(self._size)
            self._consumers["/"].append(self._size)
        elif token == _ANYTHING:
            self._stars.append(self._size)
            self._path_loops.append(self._size)
        elif token == _STAR:
            self._stars.append(self._size)
            self._segment_loops.append(self._size)
        elif token == _ONE:
            self._any_but_slash.append(self._size)
        elif len(token) > 1 and token[0] == "[":
            self._classes[token].append(self._size)
        else:
            self._consumers[token[-1]].append(self._size)
        self._size += 1

    def _moving(self, character: str) -> int:
        """The positions that `character` moves on."""
        bits = self._moves.get(character)
        if bits is None:
            positions = list(self._consumers.get(character, ()))
            if character != "/":
                positions += self._any_but_slash
            for text, there in self._classes.items():
                if self._compiled[text].fullmatch(character):
                    positions += there
            bits = self._moves[character] = self._bits(positions)
        return bits

    def _bits(self, positions: Iterable[int]) -> int:
        field = bytearray(self._size // 8 + 1)
        for position in positions:
            field[position // 8] |= 1 << (position % 8)
        return int.from_bytes(field, "little")


def _tokens(text: str) -> Iterator[str]:
    """`**` at the end is anything; elsewhere it is nothing, or anything that ends with a slash. Twice is once."""
    before = ""
    for piece in _PIECE.finditer(text):
        token = piece.group()
        if token.startswith("**"):
            token = _ANYTHING if piece.end() == len(text) else _SEGMENTS
        if token != before or token != _SEGMENTS:
            yield token
        before = token


def _compiled(characters: str) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings(action="ignore"):  # of what a later Python may read differently
            return re.compile(characters, re.DOTALL)
    except re.error as error:
        raise PatternError(f"{characters}: not a pattern: {error}") from error
