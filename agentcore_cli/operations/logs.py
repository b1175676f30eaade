"""What an agent printed, session by session, in the order of time."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agentcore_cli.operations.selection import Selected
from agentcore_cli.operations.sessions import Session, find_session, list_sessions

_POLL_SECONDS = 0.25
_STAMP = len("2026-11-22T00:00:00.123Z")


@dataclass(frozen=True, slots=True)
class LogsRequest:
    """`since` and `until` are seconds before now; `limit` keeps the last lines."""

    session: str | None = None
    follow: bool = False
    since: float | None = None
    until: float | None = None
    grep: str | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class LogLine:
    """`timestamp` is ISO 8601 in UTC with milliseconds."""

    timestamp: str
    session_id: str = field(compare=False)
    message: str = field(compare=False)


class _LogFile:
    """One session's log, read on from where the last read ended; a line is given once it is complete."""

    def __init__(self, session: Session) -> None:
        self._session_id = session.session_id
        self._path = Path(session.log)
        self._offset = 0
        self._rest = b""

    def new_lines(self) -> Iterator[LogLine]:
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._offset:  # the cap made it shorter
                    self._offset, self._rest = 0, b""
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:  # a session that is still starting, or a log that was pruned
            return
        self._offset += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            text = line.decode(errors="replace")
            yield LogLine(text[:_STAMP], self._session_id, text[_STAMP + 1 :])


def read_logs(request: LogsRequest, selected: Selected) -> Iterator[LogLine]:
    """The lines that `request` asks for, oldest first; with `follow` it goes on until it is interrupted.

    Raises NotFoundError for a session that never was.
    """
    now = time.time()
    wanted = _Filter(request, now)
    files: dict[str, _LogFile] = {}
    lines: Iterable[LogLine] = filter(wanted, heapq.merge(*_news(request, selected, files)))
    if request.limit is not None:
        lines = deque(lines, maxlen=request.limit)
    yield from lines
    while request.follow:
        time.sleep(_POLL_SECONDS)
        yield from filter(wanted, heapq.merge(*_news(request, selected, files)))


def _news(request: LogsRequest, selected: Selected, files: dict[str, _LogFile]) -> list[Iterator[LogLine]]:
    sessions: Iterable[Session] = list_sessions(selected, ended=True).sessions
    if request.session is not None:
        sessions = [find_session(sessions, selected, request.session)]
    for session in sessions:
        if session.log not in files:
            files[session.log] = _LogFile(session)
    return [file.new_lines() for file in files.values()]


class _Filter:
    def __init__(self, request: LogsRequest, now: float) -> None:
        self._since = _stamp(now - request.since) if request.since is not None else ""
        self._until = _stamp(now - request.until) if request.until is not None else "~"
        self._grep = request.grep or ""

    def __call__(self, line: LogLine) -> bool:
        return self._since <= line.timestamp <= self._until and self._grep in line.message


def _stamp(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
