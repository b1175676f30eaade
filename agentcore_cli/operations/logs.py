"""What an agent printed, in the order of time: on AWS from CloudWatch, here from the sessions' own files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Protocol

from agentcore_cli.errors import InputError
from agentcore_cli.events import Listener, ignore
from agentcore_cli.operations.selection import Selected

LAST_LINES: Final = 20  # of a session whose agent failed


@dataclass(frozen=True, slots=True)
class LogsRequest:
    """`since` and `until` are seconds before now; `limit` keeps the last lines; without `endpoint` it is DEFAULT on
    AWS and all of them here.
    """

    session: str | None = None
    endpoint: str | None = None
    follow: bool = False
    since: float | None = None
    until: float | None = None
    grep: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """`timestamp` is ISO 8601 in UTC with milliseconds; `session_id` is empty where the line doesn't tell it."""

    timestamp: str
    session_id: str = field(compare=False)
    message: str = field(compare=False)


class Source(Protocol):
    """Where lines come from: those that are there, then those that come. Whoever opens one closes it."""

    def there(self) -> Iterator[LogLine]:
        """The lines that are there, oldest first. Raises NotFoundError for a log that isn't there yet, unless it is
        followed.
        """

    def coming(self) -> Iterator[LogLine]:
        """Those that come after `there` was read, without end."""

    def close(self) -> None:
        """Let go of what was opened."""


def read_logs(request: LogsRequest, selected: Selected, listener: Listener = ignore) -> Iterator[LogLine]:
    """The lines that `request` asks for, oldest first; with `follow` it goes on until it is interrupted.

    `limit` counts the lines that `grep` lets through, and with `follow` only those that are there already. Raises
    NotFoundError for a session that never was here, and for a log that isn't there yet; InputError for an end of what
    has none.
    """
    if request.follow and request.until is not None:
        raise InputError("--follow and --until: choose one of them", hint="--since and --until are for what was")
    with closing(_source(request, selected, listener)) as source:
        lines = _grepped(source.there(), request)
        yield from lines if request.limit is None else deque(lines, maxlen=request.limit)
        if request.follow:
            yield from _grepped(source.coming(), request)


def _source(request: LogsRequest, selected: Selected, listener: Listener) -> Source:
    if selected.is_local:
        from agentcore_cli.operations.session_logs import SessionLogs

        return SessionLogs(request, selected, listener)
    from agentcore_cli.operations.cloud_logs import CloudLog

    return CloudLog.of(request, selected, listener)


def stamp(epoch: float) -> str:
    """A time in seconds since the epoch as log lines have it."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _grepped(lines: Iterable[LogLine], request: LogsRequest) -> Iterator[LogLine]:
    return (line for line in lines if not request.grep or request.grep in line.message)
