"""Plain columns: readable on a terminal, stable in a pipe."""

from __future__ import annotations

import datetime
import sys
import unicodedata
from collections.abc import Sequence

from agentcore_cli.ui.terminal import columns, printable


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Left-aligned columns under upper-case heads, two spaces apart; one that is empty in every row is left out.

    On a terminal that is narrower than that, a block of lines for each row.
    """
    cells = [["-" if cell is None else _line(cell) for cell in row] for row in rows]
    lines = _columns([[head.upper() for head in heads], *cells])
    width = columns(sys.stdout)
    if width is None or all(_width(line) <= width for line in lines):
        return "\n".join(lines)
    return "\n\n".join(fields([(head, cell or None) for head, cell in zip(heads, row, strict=True)]) for row in cells)


def _line(cell: object) -> str:
    return printable(str(cell)).replace("\n", " ")


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines; the first are the heads."""
    kept = [column for column in zip(*rows, strict=True) if any(column[1:])]
    padded = [[cell + " " * (max(map(_width, column)) - _width(cell)) for cell in column] for column in kept]
    return ["  ".join(row).rstrip() for row in zip(*padded, strict=True)]


def _width(text: str) -> int:
    """How many columns of a terminal it takes: a character of Chinese two, an accent that is put on another none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def fields(pairs: Sequence[tuple[str, object]]) -> str:
    """`name: value` lines with the values in one column; None is left out."""
    shown = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in shown), default=0) + 1
    return "\n".join(f"{(name + ':').ljust(width)} {printable(str(value))}" for name, value in shown)


def ago(then: float, now: float) -> str:
    """A span in words: `12s ago`, `5m ago`, `3h ago`, `2d ago`; both in seconds since the epoch."""
    seconds = max(0, int(now - then))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds // size}{unit} ago"
    return f"{seconds}s ago"


def size(count: int) -> str:
    """Bytes in words: `312 B`, `1.2 kB`, `2.9 MB`; a kB has 1024 of them."""
    for exponent, unit in ((2, "MB"), (1, "kB")):
        if count >= 1024**exponent:
            return f"{count / 1024**exponent:.1f} {unit}"
    return f"{count} B"


def moment(epoch: float) -> str:
    """A time in UTC, to the second."""
    return datetime.datetime.fromtimestamp(epoch, datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def instant(iso: str) -> str:
    """A time in ISO 8601, as AWS has it, like `moment`."""
    return moment(datetime.datetime.fromisoformat(iso).timestamp())
