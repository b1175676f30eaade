"""A trace as a tree: a line for each span with its time and a bar, and below it what it says of its work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol, TextIO

from agentcore_cli.ui.terminal import columns, is_terminal, printable

WIDE: Final = 100  # columns where there is no terminal
BAR_MAX: Final = 30
LABEL_MIN: Final = 20
_TIME: Final = 8
_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_RED, _DIM, _RESET = "\033[31m", "\033[2m", "\033[0m"


class ShownSpan(Protocol):
    """What is shown of a span: times in nanoseconds; `brief` are the most telling of its details."""

    @property
    def label(self) -> str: ...
    @property
    def details(self) -> Sequence[tuple[str, str]]: ...
    @property
    def brief(self) -> Sequence[tuple[str, str]]: ...
    @property
    def error(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def children(self) -> Sequence[ShownSpan]: ...


def paint(roots: Sequence[ShownSpan], stream: TextIO, *, full: bool) -> str:
    """The tree, for this stream. Without `full` each detail is one line, as wide as the terminal."""
    width = columns(stream) or WIDE
    bar = min(BAR_MAX, max(0, width - LABEL_MIN - _TIME - 20))
    start = min((root.start for root in roots), default=0)
    end = max((_last(root) for root in roots), default=0)
    rows = list(_rows(roots))
    longest = max((len(row[1]) + len(row[2].label) for row in rows), default=0)
    label = max(LABEL_MIN, min(longest, width - _TIME - bar - 3))
    painter = _Painter(width, label, bar, start, max(1, end - start), full=full, coloured=is_terminal(stream))
    return "\n".join(line for below, own, span in rows for line in painter.lines(below, own, span))


def seconds(value: float) -> str:
    """A span of time with three digits."""
    if value < 1:
        return f"{value * 1000:.3g}ms" if value >= 0.001 else f"{value * 1_000_000:.0f}µs"
    return f"{value:.3g}s" if value < 100 else f"{value:.0f}s"


class _Painter:
    def __init__(self, width: int, label: int, bar: int, start: int, whole: int, *, full: bool, coloured: bool) -> None:
        self._width = width
        self._label = label
        self._bar = bar
        self._start = start
        self._whole = whole
        self._full = full
        self._coloured = coloured

    def lines(self, below: str, own: str, span: ShownSpan) -> Iterator[str]:
        text = own + printable(span.label).replace("\n", " ").replace("\t", " ")
        text = text if len(text) <= self._label else text[: self._label - 1] + "…"
        took = seconds(max(0, span.end - span.start) / 1_000_000_000)
        line = f"{self._colour(text.ljust(self._label), _RED if span.error else '')} {took:>{_TIME}}"
        yield f"{line} {self._drawn(span)}".rstrip() if self._bar else line
        if span.error:
            yield from self._detail(below, "error", span.error, _RED)
        for name, value in span.details if self._full else span.brief:
            yield from self._detail(below, name, value, _DIM)

    def _detail(self, below: str, name: str, value: str, colour: str) -> Iterator[str]:
        lines = printable(value).strip().replace("\t", "    ").split("\n")
        if not self._full:
            lines = [" ".join(filter(None, map(str.strip, lines)))]
        head = f"{below}  {name}: "
        for number, line in enumerate(lines):
            text = head + line if not number else below + " " * (len(head) - len(below)) + line
            if not self._full and len(text) > self._width:
                text = text[: max(len(below) + 1, self._width - 1)] + "…"
            yield below + self._colour(text[len(below) :], colour)

    def _colour(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_RESET}" if colour and self._coloured else text

    def _drawn(self, span: ShownSpan) -> str:
        """Where in the whole it lies; what is too short to be seen is a thin line."""
        first = (span.start - self._start) * self._bar * 8 // self._whole
        eighths = max(1, (span.end - span.start) * self._bar * 8 // self._whole)
        first = min(max(first, 0), self._bar * 8 - 1)
        eighths = min(eighths, self._bar * 8 - first // 8 * 8)
        return " " * (first // 8) + "█" * (eighths // 8) + _EIGHTHS[eighths % 8].rstrip()


def _rows(roots: Iterable[ShownSpan]) -> Iterator[tuple[str, str, ShownSpan]]:
    """Each span with what stands before the lines below it and before its own."""
    left = [("", "", root) for root in reversed(list(roots))]
    while left:
        below, own, span = left.pop()
        children = list(span.children)
        yield below + ("│ " if children else "  "), own, span
        last = len(children) - 1
        left.extend(
            (below + ("   " if at == last else "│  "), below + ("└─ " if at == last else "├─ "), child)
            for at, child in reversed(list(enumerate(children)))
        )


def _last(span: ShownSpan) -> int:
    latest, left = span.end, [span]
    while left:
        each = left.pop()
        latest = max(latest, each.end)
        left.extend(each.children)
    return latest
