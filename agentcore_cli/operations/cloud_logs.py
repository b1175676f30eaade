"""The logs of a runtime on AWS: one CloudWatch log group for each endpoint (observability-get-started).

A stream's name does not tell the session; lines that the SDK's logger wrote are JSON and carry `sessionId`, those of
OpenTelemetry carry the attribute `session.id`. What an agent prints otherwise belongs to no session that can be told.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Final

from agentcore_cli import names, wiring
from agentcore_cli.aws.log_events import LogEvent, LogEvents
from agentcore_cli.aws.session import Session
from agentcore_cli.contract import log_group
from agentcore_cli.errors import AgentcoreError, NotFoundError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.destination import Destination, of
from agentcore_cli.operations.logs import LogLine, LogsRequest, stamp
from agentcore_cli.operations.selection import Selected

DEFAULT_SINCE: Final = 3600.0  # seconds; a group may hold years
POLL_SECONDS: Final = 2.0
OVERLAP_MS: Final = 60_000  # CloudWatch shows events of one moment at different times
_LAST_LINES: Final = 20
_LAST_LINES_SECONDS: Final = 6.0
_LAST_LINES_PAUSE: Final = 1.5


def read(request: LogsRequest, selected: Selected, listener: Listener) -> Iterator[LogLine]:
    """The lines of the last hour, or since when it was said. Raises NotFoundError when there is no log yet."""
    if request.since is None:
        listener(Note("the last hour; --since 1d says another span"))
    with closing(_Log.of(request, selected)) as log:
        try:
            yield from log.lines(*_window(request))
        except NotFoundError as error:
            raise _not_yet(log.group, selected, error) from error


def follow(request: LogsRequest, selected: Selected, listener: Listener) -> Iterator[LogLine]:
    """The same, and those that come; a log that isn't there yet is waited for."""
    with closing(_Log.of(request, selected)) as log:
        start, end = _window(request)
        is_there = log.is_there(start)
        if not is_there:
            listener(Note(f"waiting for {log.group}: AgentCore makes it with the first call"))
        lines: Iterable[LogLine] = log.lines(start, end) if is_there else ()
        yield from lines if request.limit is None else deque(lines, maxlen=request.limit)
        while end is None:
            time.sleep(POLL_SECONDS)
            is_there = is_there or log.is_there(start)
            if is_there:
                yield from log.lines(max(start, log.newest - OVERLAP_MS))


def last_lines(destination: Destination, session_id: str, since: float) -> list[str]:
    """What the session's log says since a call began, in seconds since the epoch: best effort, within seconds.

    Where no line carries the session's id, all lines of that time; none when CloudWatch can't be read.
    """
    found: list[str] = []
    reader = threading.Thread(target=_collect, args=(destination, session_id, since, found), daemon=True)
    reader.start()
    reader.join(_LAST_LINES_SECONDS)
    return found[-_LAST_LINES:]


def _collect(destination: Destination, session_id: str, since: float, found: list[str]) -> None:
    assert destination.selected is not None
    group = log_group(destination.runtime_id, destination.endpoint)
    deadline = time.monotonic() + _LAST_LINES_SECONDS - _LAST_LINES_PAUSE
    try:
        with closing(wiring.session(destination.selected)) as session:
            door = LogEvents(session)
            while True:
                events = list(door.read(group, int(since * 1000) - 1000))
                own = [event.message for event in events if _is_of(event, session_id)]
                if own or time.monotonic() > deadline:
                    found[:] = own or [event.message for event in events]
                    return
                time.sleep(_LAST_LINES_PAUSE)
    except AgentcoreError:
        return


class _Log:
    """One endpoint's group, read with no line given twice."""

    def __init__(self, session: Session, group: str, session_id: str | None) -> None:
        self._session = session
        self._door = LogEvents(session)
        self.group = group
        self._session_id = session_id
        self._seen: dict[str, int] = {}
        self.newest = 0

    @classmethod
    def of(cls, request: LogsRequest, selected: Selected) -> _Log:
        there = of(selected, request.endpoint)
        wanted = None
        if request.session is not None:
            wanted = names.session_id(request.session, there.arn, there.endpoint)
        return cls(wiring.session(selected), log_group(there.runtime_id, there.endpoint), wanted)

    def close(self) -> None:
        self._session.close()

    def is_there(self, start: int) -> bool:
        try:
            next(self._door.read(self.group, start, start), None)
        except NotFoundError:
            return False
        return True

    def lines(self, start: int, end: int | None = None) -> Iterator[LogLine]:
        """The new lines of a window, in milliseconds since 1970."""
        self.newest = max(self.newest, start)
        for event in self._door.read(self.group, start, end, phrase=self._session_id):
            self.newest = max(self.newest, event.at)
            if event.id in self._seen:
                continue
            self._seen[event.id] = event.at
            if self._session_id is None or _is_of(event, self._session_id):
                yield LogLine(stamp(event.at / 1000), _session_of(event) or "", event.message)
        self._seen = {id: at for id, at in self._seen.items() if at >= self.newest - OVERLAP_MS}


def _window(request: LogsRequest) -> tuple[int, int | None]:
    now = time.time()
    since = DEFAULT_SINCE if request.since is None else request.since
    return int((now - since) * 1000), None if request.until is None else int((now - request.until) * 1000)


def _is_of(event: LogEvent, session_id: str) -> bool:
    """Whether a line is of this session: by its JSON, else by holding the id at all."""
    told = _session_of(event)
    return told == session_id if told is not None else session_id in event.message


def _session_of(event: LogEvent) -> str | None:
    if not event.message.startswith("{"):
        return None
    try:
        record = json.loads(event.message)
    except (ValueError, RecursionError):
        return None
    attributes = record.get("attributes")
    told = record.get("sessionId") or (attributes.get("session.id") if isinstance(attributes, dict) else None)
    return told if isinstance(told, str) else None


def _not_yet(group: str, selected: Selected, error: NotFoundError) -> NotFoundError:
    return NotFoundError(
        f"{group}: there is no such log yet: AgentCore makes it with the endpoint's first call",
        hint=f"{selected.command('invoke')} PAYLOAD; --follow waits for it",
        request_id=error.request_id,
    )
