"""Docker's rules for `.dockerignore`, as its builder applies them.

Source: moby's `patternmatcher` and `ignorefile` packages (the rules, not the code) and Docker's reference page on
build contexts. A pattern is anchored at the root of the context; `*` and `?` stay within one path segment; `**` stands
for any number of segments; `!` takes back; the last pattern that matches a path, or a folder above it, decides.

The file may be a stranger's, so matching never takes longer than the length of the path times that of the patterns:
there is no backtracking (`automaton`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from agentcore_cli.builders.source.automaton import Automaton, PatternError
from agentcore_cli.errors import InputError


@dataclass(frozen=True)
class Pattern:
    """One line: `text` without its `!`, cleaned as a path. `takes_back` is the `!`."""

    text: str
    takes_back: bool = False


class Ignore:
    """The patterns of one ignore file, in their order. Fastest when paths are asked for folder by folder."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)
        self._takes_back = any(pattern.takes_back for pattern in patterns)
        self._last = _LastMatch([pattern.text for pattern in self.patterns])

    @classmethod
    def of(cls, lines: Iterable[str]) -> Ignore:
        """Read a file's lines. Raises InputError for a `!` alone and for what is no pattern."""
        try:
            return cls([pattern for line in lines if (pattern := _pattern(line))])
        except PatternError as error:
            raise InputError(f".dockerignore: {error}") from error

    def ignores(self, path: str) -> bool:
        """Whether a path (relative, with /) is out, by itself or by a folder above it."""
        number = self._last.of_lineage(path)
        return number >= 0 and not self.patterns[number].takes_back

    def says(self, path: str) -> bool | None:
        """Whether the very path is out, whatever is above it; None where no pattern is about it."""
        number = self._last.of_path(path)
        return None if number < 0 else not self.patterns[number].takes_back

    def prunes(self, folder: str) -> bool:
        """Whether nothing below this folder can be in."""
        return not self._takes_back and self.ignores(folder)

    def takes_back_by_name(self, path: str) -> bool:
        """Whether a `!` line means this very path or one below it, and not merely everything around it."""
        return path in self._above_named or self._named.of_path(path) >= 0

    @cached_property
    def _named(self) -> _LastMatch:
        return _LastMatch([pattern.text for pattern in self._named_patterns])

    @cached_property
    def _above_named(self) -> frozenset[str]:
        """The folders above what `!` lines name."""
        found: set[str] = set()
        for pattern in self._named_patterns:
            folder = posixpath.dirname(pattern.text)
            while folder and folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    @cached_property
    def _named_patterns(self) -> list[Pattern]:
        return [p for p in self.patterns if p.takes_back and not set(p.text.rpartition("/")[2]) <= {"*"}]


class _LastMatch:
    """The number of the last of some patterns that matches; -1 where none does."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._plain = {text: number for number, text in enumerate(texts) if not set(text) & set("*?[\\")}
        self._wild = [number for number, text in enumerate(texts) if set(text) & set("*?[\\")]
        self._automaton = Automaton([texts[number] for number in self._wild])
        # the path that was asked for last: for each folder on the way the automaton's state and the last match
        self._way: list[tuple[str, int, int]] = []

    def of_path(self, path: str) -> int:
        """Of those that match the very path."""
        state = self._automaton.advanced(self._automaton.start, path)
        return max(self._plain.get(path, -1), self._wild_match(state))

    def of_lineage(self, path: str) -> int:
        """Of those that match the path or a folder above it."""
        parts = path.split("/")
        depth = 0
        while depth < len(self._way) and depth < len(parts) and self._way[depth][0] == parts[depth]:
            depth += 1
        del self._way[depth:]
        for part in parts[depth:]:
            self._step(part, "/".join(parts[: len(self._way) + 1]))
        return self._way[-1][2]

    def _step(self, part: str, path: str) -> None:
        before, best = (self._way[-1][1], self._way[-1][2]) if self._way else (self._automaton.start, -1)
        state = self._automaton.advanced(before, f"/{part}" if self._way else part)
        self._way.append((part, state, max(best, self._plain.get(path, -1), self._wild_match(state))))

    def _wild_match(self, state: int) -> int:
        number = self._automaton.last_accepted(state)
        return self._wild[number] if number >= 0 else -1


def _pattern(line: str) -> Pattern | None:
    line = line.removeprefix("\ufeff")
    if line.startswith("#") or not (text := line.strip()):
        return None
    takes_back = text.startswith("!")
    text = text.removeprefix("!").strip()
    if not text:
        raise InputError('.dockerignore: "!" alone takes nothing back', hint="write !PATH, or remove the line")
    cleaned = posixpath.normpath(text)
    if len(cleaned) > 1:
        cleaned = cleaned.lstrip("/")
    return Pattern(cleaned, takes_back)
