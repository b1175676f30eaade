"""Docker's rules for `.dockerignore`, as its builder applies them.

Source: moby's `patternmatcher` and `ignorefile` packages (the rules, not the code) and Docker's reference page on
build contexts. A pattern is anchored at the root of the context; `*` and `?` stay within one path segment; `**` stands
for any number of segments; `!` takes back; the last pattern that matches a path, or a folder above it, decides.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from agentcore_cli.errors import InputError


@dataclass(frozen=True)
class Pattern:
    """One line: `text` without its `!`, cleaned as a path. `takes_back` is the `!`."""

    text: str
    takes_back: bool = False

    def matches(self, path: str) -> bool:
        """Whether the pattern fits this very path."""
        return self._regex.fullmatch(path) is not None

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        try:
            return re.compile(_regex(self.text), re.DOTALL)
        except re.error as error:
            raise InputError(f".dockerignore: {self.text}: not a pattern: {error}") from error


class Ignore:
    """The patterns of one ignore file, in their order."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self.patterns = tuple(patterns)
        self._takes_back = any(pattern.takes_back for pattern in patterns)

    @classmethod
    def of(cls, lines: Iterable[str]) -> Ignore:
        """Read a file's lines. Raises InputError for a `!` alone."""
        return cls([pattern for line in lines if (pattern := _pattern(line))])

    def ignores(self, path: str) -> bool:
        """Whether a path (relative, with /) is out, by itself or by a folder above it."""
        lineage = _lineage(path)
        out = False
        for pattern in self.patterns:
            if pattern.takes_back == out and any(pattern.matches(part) for part in lineage):
                out = not pattern.takes_back
        return out

    def prunes(self, folder: str) -> bool:
        """Whether nothing below this folder can be in."""
        return not self._takes_back and self.ignores(folder)


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


def _lineage(path: str) -> list[str]:
    """The folders above a path, and the path."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


_PIECE = re.compile(r"\*\*/?|\*|\?|\\.|\[[^]]*\]|.", re.DOTALL)


def _regex(pattern: str) -> str:
    """A pattern as a regular expression for a whole path."""
    return "".join(_translate(piece.group(), piece.end() == len(pattern)) for piece in _PIECE.finditer(pattern))


def _translate(piece: str, last: bool) -> str:
    if piece.startswith("**"):
        return ".*" if last else "(.*/)?"
    if piece == "*":
        return "[^/]*"
    if piece == "?":
        return "[^/]"
    if len(piece) > 1 and piece[0] == "[":
        return piece
    return re.escape(piece[-1])
