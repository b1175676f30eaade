"""What an agent printed, in the order of time: on AWS from CloudWatch, here from the sessions' own files."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing

from agentcore_cli.errors import InputError
from agentcore_cli.events import Listener, ignore
from agentcore_cli.operations.logs.lines import LogLine, LogSource, LogsRequest
from agentcore_cli.operations.selection import Selected


def read_logs(request: LogsRequest, selected: Selected, listener: Listener = ignore) -> Iterator[LogLine]:
    """The lines that `request` asks for, oldest first; with `follow` it goes on until that is over.

    `limit` counts the lines that `grep` lets through, and with `follow` only those that are there already. Raises
    NotFoundError for a session that never was here, and for a log that isn't there yet; InputError for an end of what
    has none.
    """
    if request.follow and request.until is not None:
        raise InputError(
            "--follow and --until: choose one of them", hint="--since and --until select lines of the past"
        )
    with closing(_source(request, selected, listener)) as source:
        lines = _grepped(source.there(), request)
        yield from lines if request.limit is None else deque(lines, maxlen=request.limit)
        if request.follow:
            yield from _grepped(source.coming(), request)


def _source(request: LogsRequest, selected: Selected, listener: Listener) -> LogSource:
    if selected.is_local:
        from agentcore_cli.operations.logs.session_logs import SessionLogs

        return SessionLogs(request, selected, listener)
    from agentcore_cli.operations.logs.cloud_logs import CloudLog

    return CloudLog(request, selected, listener)


def _grepped(lines: Iterable[LogLine], request: LogsRequest) -> Iterator[LogLine]:
    return (line for line in lines if not request.grep or request.grep in line.message)
