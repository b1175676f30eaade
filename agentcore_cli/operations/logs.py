"""What an agent printed, in the order of time: on AWS from CloudWatch, here from the sessions' own files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from agentcore_cli.events import Listener, ignore
from agentcore_cli.operations.selection import Selected


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


def read_logs(request: LogsRequest, selected: Selected, listener: Listener = ignore) -> Iterator[LogLine]:
    """The lines that `request` asks for, oldest first; with `follow` it goes on until it is interrupted.

    Raises NotFoundError for a session that never was here, and for a log that isn't there yet.
    """
    if selected.is_local:
        from agentcore_cli.operations.session_logs import follow, read
    else:
        from agentcore_cli.operations.cloud_logs import follow, read
    lines: Iterable[LogLine]
    if request.follow:
        yield from _grepped(follow(request, selected, listener), request)
        return
    lines = _grepped(read(request, selected, listener), request)
    yield from lines if request.limit is None else deque(lines, maxlen=request.limit)


def stamp(epoch: float) -> str:
    """A time in seconds since the epoch as log lines have it."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _grepped(lines: Iterable[LogLine], request: LogsRequest) -> Iterator[LogLine]:
    return (line for line in lines if not request.grep or request.grep in line.message)
