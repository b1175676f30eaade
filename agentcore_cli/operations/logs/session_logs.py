"""The logs of the local runtime: a file for each session, and for what a project's own extraction of records says."""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from agentcore_cli.errors import AgentcoreError, NotFoundError
from agentcore_cli.events import Listener, Note, ignore
from agentcore_cli.local.protocol import SessionRecord
from agentcore_cli.local.sessions.logs import EXTRACTION
from agentcore_cli.operations.logs.lines import LAST_LINES, LogLine, LogsRequest, stamp
from agentcore_cli.operations.selection import Selected
from agentcore_cli.operations.sessions.sessions import find_session, list_sessions
from agentcore_cli.waiting import Waiter

_POLL_SECONDS: Final = 0.25
_LAST_LINES_SECONDS: Final = 0.5
_LAST_LINES_PAUSE: Final = 0.05
_LEVELS: Final = 5  # of folders above a log, up to that of all endpoints' logs
_LATELY_NS: Final = 2_000_000_000
_STAMP: Final = len("2026-11-22T00:00:00.123Z")


def last_lines(selected: Selected, session_id: str, since: float) -> list[str]:
    """What a session's log says since a call began, in seconds since the epoch: best effort, at once.

    What an agent printed just before it died may come a moment after its end.
    """
    waiter = Waiter(_LAST_LINES_PAUSE, _LAST_LINES_PAUSE)
    while True:
        request = LogsRequest(session=session_id, since=time.time() - since)
        try:
            found = deque(SessionLogs(request, selected, ignore).there(), maxlen=LAST_LINES)
        except AgentcoreError:
            return []
        if found or waiter.is_over(_LAST_LINES_SECONDS):
            return [line.message for line in found]
        waiter.pause()


class SessionLogs:
    """The logs of the sessions that are asked for, those that start meanwhile among them.

    Raises NotFoundError for a session that never was, and while there is no log at all.
    """

    def __init__(self, request: LogsRequest, selected: Selected, listener: Listener) -> None:
        now = time.time()
        self._request = request
        self._selected = selected
        self._listener = listener
        self._files: dict[str, _LogFile] = {}
        self._folders = _Folders()
        self._since = stamp(now - request.since) if request.since is not None else ""
        self._until = stamp(now - request.until) if request.until is not None else "~"

    def there(self) -> Iterator[LogLine]:
        yield from self._new_lines()
        if self._files:
            return
        if not self._request.follow:
            raise self._not_yet()
        self._listener(Note("waiting for the first session: its log begins with it"))

    def coming(self) -> Iterator[LogLine]:
        while not self._request.over.wait(_POLL_SECONDS):
            yield from self._new_lines()

    def close(self) -> None:
        """Nothing is kept open."""

    def _new_lines(self) -> Iterator[LogLine]:
        if self._folders.have_changed():
            self._look_for_files()
        for line in heapq.merge(*(file.new_lines() for file in self._files.values())):
            if self._since <= line.timestamp <= self._until:
                yield line

    def _look_for_files(self) -> None:
        for session in self._sessions():
            if session.log is not None and session.log not in self._files:
                self._files[session.log] = _LogFile(session.session_id, Path(session.log))
        if self._request.session is None:
            self._look_for_extractions()
        self._folders.look_at({folder for log in self._files for folder in Path(log).parents[:_LEVELS]})

    def _look_for_extractions(self) -> None:
        """They lie among the sessions' logs of their endpoint: `<group>/YYYY/MM/DD/[extraction] <id>.log`."""
        for group in {Path(log).parents[3] for log in self._files}:
            for path in group.glob("*/*/*/[[]extraction[]] *.log"):
                self._files.setdefault(str(path), _LogFile(EXTRACTION, path))

    def _sessions(self) -> Iterable[SessionRecord]:
        sessions = list_sessions(self._selected, ended=True).sessions
        if self._request.endpoint is not None:
            sessions = tuple(session for session in sessions if session.endpoint == self._request.endpoint)
        if self._request.session is not None:
            return [find_session(sessions, self._selected, self._request.session)]
        return sessions

    def _not_yet(self) -> NotFoundError:
        if self._selected.state.is_unfinished(self._selected.agent_name):
            return NotFoundError(
                f"{self._selected.agent_name}: there is no log: its last deploy failed, or was cut off",
                hint=f"{self._selected.command('status')} says why",
            )
        endpoint = f", endpoint {self._request.endpoint}" if self._request.endpoint else ""
        return NotFoundError(
            f"{self._selected.agent_name}{endpoint}: there is no log yet: it begins with the first session",
            hint=f"{self._selected.command('invoke')} PAYLOAD; --follow waits for it",
        )


class _Folders:
    """Folders that new logs show in: where nothing is new there, the server need not be asked."""

    def __init__(self) -> None:
        self._seen: dict[Path, int] = {}

    def have_changed(self) -> bool:
        """True as well while no folder is known, and while one has changed so lately that more may come unseen."""
        if not self._seen:
            return True
        lately = time.time_ns() - _LATELY_NS
        now = {folder: _changed_at(folder) for folder in self._seen}
        changed = now != self._seen or any(at > lately for at in now.values())
        self._seen = now
        return changed

    def look_at(self, folders: Iterable[Path]) -> None:
        """From now on at these."""
        self._seen = {folder: self._seen.get(folder, 0) for folder in folders}


def _changed_at(folder: Path) -> int:
    """In nanoseconds since the epoch; 0 for one that is gone."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


class _LogFile:
    """One session's log, read on from where the last read ended; a line is given once it is complete."""

    def __init__(self, session_id: str, path: Path) -> None:
        self._session_id = session_id
        self._path = path
        self._offset = 0
        self._rest = b""

    def new_lines(self) -> Iterator[LogLine]:
        try:
            if self._path.stat().st_size == self._offset:
                return
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
