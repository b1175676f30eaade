"""Plain columns: readable on a terminal, stable in a pipe."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from agentcore_cli.ui.terminal import printable


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Left-aligned columns under upper-case heads, two spaces apart."""
    cells = [[printable("-" if cell is None else str(cell)) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(heads), *cells]) for column in range(len(heads))]
    lines = [[head.upper() for head in heads], *cells]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in lines
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
