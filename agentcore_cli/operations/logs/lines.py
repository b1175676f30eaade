"""Lines of what agents printed, who asks for them, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from typing import Final, Protocol

LAST_LINES: Final = 20  # of a session whose agent failed


@dataclass(frozen=True, slots=True)
class LogsRequest:
    """`since` and `until` are seconds before now; `limit` keeps the last lines; without `endpoint` it is DEFAULT on
    AWS and all of them here. Once `over` is set nothing is looked for any more, with `follow` too.
    """

    session: str | None = None
    endpoint: str | None = None
    follow: bool = False
    since: float | None = None
    until: float | None = None
    grep: str | None = None
    limit: int | None = None
    over: Event = field(default_factory=Event, compare=False)


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """`timestamp` is ISO 8601 in UTC with milliseconds; `session_id` is empty where the line doesn't tell it."""

    timestamp: str
    session_id: str = field(compare=False)
    message: str = field(compare=False)


class LogSource(Protocol):
    """Where lines come from: those that are there, then those that come. Whoever opens one closes it."""

    def there(self) -> Iterator[LogLine]:
        """The lines that are there, oldest first. Raises NotFoundError for a log that isn't there yet, unless it is
        followed.
        """

    def coming(self) -> Iterator[LogLine]:
        """Those that come after `there` was read, until it is over."""

    def close(self) -> None:
        """Let go of what was opened."""


def stamp(epoch: float) -> str:
    """A time in seconds since the epoch as log lines have it."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
