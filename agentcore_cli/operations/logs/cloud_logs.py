"""The logs of a runtime on AWS: one CloudWatch log group for each endpoint (observability-get-started).

A stream's name does not tell the session; lines that the SDK's logger wrote are JSON and carry `sessionId`, those of
OpenTelemetry carry the attribute `session.id`. What an agent prints otherwise belongs to no session that can be told.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Final

from agentcore_cli import names, wiring
from agentcore_cli.aws.log_events import LogEvent, LogEvents
from agentcore_cli.aws.session import AwsSession
from agentcore_cli.contract import log_group
from agentcore_cli.errors import AgentcoreError, NotFoundError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.destination import Destination, of
from agentcore_cli.operations.logs.lines import LAST_LINES, LogLine, LogsRequest, stamp
from agentcore_cli.operations.selection import Selected
from agentcore_cli.waiting import Waiter

DEFAULT_SINCE: Final = 3600.0  # seconds; a group may hold years
POLL_SECONDS: Final = 2.0
OVERLAP_MS: Final = 60_000  # CloudWatch shows events of one moment at different times
_LAST_LINES_SECONDS: Final = 6.0
_LAST_LINES_PAUSE: Final = 1.5


def last_lines(destination: Destination, session_id: str, since: float) -> list[str]:
    """What the session's log says since a call began, in seconds since the epoch: best effort, within seconds.

    Where no line carries the session's id, those of that time that carry none, as a traceback that was printed; none
    of another session, and none when CloudWatch can't be read.
    """
    found: list[str] = []
    reader = threading.Thread(target=_collect, args=(destination, session_id, since, found), daemon=True)
    reader.start()
    reader.join(_LAST_LINES_SECONDS)
    return found[-LAST_LINES:]


def _collect(destination: Destination, session_id: str, since: float, found: list[str]) -> None:
    group = log_group(destination.runtime_id, destination.endpoint)
    waiter = Waiter(_LAST_LINES_PAUSE, _LAST_LINES_PAUSE)
    try:
        with closing(_session(destination)) as session:
            client = LogEvents(session)
            while True:
                events = list(client.read(group, int(since * 1000) - 1000))
                own = [event.message for event in events if _is_of(event, session_id)]
                if own or waiter.is_over(_LAST_LINES_SECONDS):
                    found[:] = own or [event.message for event in events if _session_of(event) is None]
                    return
                waiter.pause()
    except AgentcoreError:
        return


def _session(destination: Destination) -> AwsSession:
    if destination.selected is not None:
        return wiring.session(destination.selected)
    return wiring.session_in(destination.region, destination.target.profile)


class CloudLog:
    """One endpoint's group, read with no line given twice: of the last hour, or since when it was said.

    Raises NotFoundError when the agent isn't deployed, and when there is no log yet; one that is followed is waited
    for.
    """

    def __init__(self, request: LogsRequest, selected: Selected, listener: Listener) -> None:
        there = of(selected, request.endpoint)
        self._request = request
        self._selected = selected
        self._listener = listener
        self._session = wiring.session(selected)
        self._door = LogEvents(self._session)
        self._group = log_group(there.runtime_id, there.endpoint)
        self._session_id = None
        if request.session is not None:
            self._session_id = names.session_id(request.session, there.arn, there.endpoint)
        self._start, self._end = _window(request)
        self._seen: dict[str, int] = {}
        self._newest = self._start

    def close(self) -> None:
        self._session.close()

    def there(self) -> Iterator[LogLine]:
        if self._request.since is None:
            self._listener(Note("the last hour; --since 1d says another span"))
        try:
            yield from self._lines(self._start)
        except NotFoundError as error:
            if not self._request.follow:
                raise self._not_yet(error) from error
            self._listener(Note(f"waiting for {self._group}: AgentCore makes it with the first call"))

    def coming(self) -> Iterator[LogLine]:
        while not self._request.over.wait(POLL_SECONDS):
            with suppress(NotFoundError):  # not yet
                yield from self._lines(max(self._start, self._newest - OVERLAP_MS))

    def _lines(self, start: int) -> Iterator[LogLine]:
        """The new lines since `start`, in milliseconds since 1970."""
        for event in self._door.read(self._group, start, self._end, phrase=self._session_id):
            if event.id in self._seen:
                continue
            self._seen[event.id] = event.at
            self._newest = max(self._newest, min(event.at, _now()))  # no clock that is fast hides what others say
            if self._session_id is None or _is_of(event, self._session_id):
                yield LogLine(stamp(event.at / 1000), _session_of(event) or "", event.message)
        self._seen = {id: at for id, at in self._seen.items() if at >= self._newest - OVERLAP_MS}

    def _not_yet(self, error: NotFoundError) -> NotFoundError:
        return NotFoundError(
            f"{self._group}: there is no such log yet: AgentCore makes it with the endpoint's first call",
            hint=f"{self._selected.command('invoke')} PAYLOAD; --follow waits for it",
            request_id=error.request_id,
        )


def _window(request: LogsRequest) -> tuple[int, int | None]:
    """From when until when, in milliseconds since 1970."""
    since = DEFAULT_SINCE if request.since is None else request.since
    return _now() - int(since * 1000), None if request.until is None else _now() - int(request.until * 1000)


def _now() -> int:
    return int(time.time() * 1000)


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
