"""A measured figure and the mark that it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Direction = Literal["at most", "at least"]


class Missing(Exception):
    """What a figure needs and this machine does not have, with how to get it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` is what the mark speaks of; `ours` and `other` say in words what it was made from."""

    name: str
    ours: str
    other: str
    value: float
    unit: str
    direction: Direction
    mark: float

    @property
    def met(self) -> bool:
        """Whether the value is on the right side of its mark."""
        return self.value <= self.mark if self.direction == "at most" else self.value >= self.mark

    def as_json(self) -> dict[str, Any]:
        """The figure with its verdict, for a file."""
        return asdict(self) | {"met": self.met}


def milliseconds(seconds: float) -> str:
    """A time in words."""
    return f"{seconds * 1000:,.1f} ms"


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text, one each, columns aligned."""
    rows = [("figure", "ours", "against", "value", "mark", "met")]
    for figure in figures:
        value, mark = f"{figure.value:,.2f} {figure.unit}", f"{figure.direction} {figure.mark:g}"
        rows.append((figure.name, figure.ours, figure.other, value, mark, "yes" if figure.met else "NO"))
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines of text, columns aligned; the first is the head."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
