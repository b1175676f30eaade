"""Traces that come: exporters send spans when they have ended, some of them later than the call's answer."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from agentcore_cli import wiring
from agentcore_cli.errors import InputError, NotFoundError
from agentcore_cli.local.protocol import TraceRecord
from agentcore_cli.operations.destination import Destination
from agentcore_cli.operations.selection import Selected
from agentcore_cli.operations.traces.traces import TracesRequest, list_traces
from agentcore_cli.operations.traces.tree import TraceTree, tree

POLL_SECONDS: Final = 0.5
QUIET_SECONDS: Final = 1.5  # without a new span, after which a trace is shown
LOOK_SECONDS: Final = 0.1
SPANS_SECONDS: Final = 1.5  # that an agent may take to export anything of a call at all
WHOLE_SECONDS: Final = 6.0  # that it may take to export all of it
_MOST: Final = 1000


def follow(
    request: TracesRequest,
    selected: Selected,
    *,
    after: int,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[TraceRecord]:
    """Traces that begin after the one of that number, each when it has been quiet for a while; without an end.

    Raises InputError on AWS, where each look is a query that is paid for.
    """
    if not selected.is_local:
        raise InputError("--follow: on AWS spans come minutes later", hint=selected.command("traces list"))
    seen: dict[int, tuple[TraceRecord, float]] = {}
    told: set[int] = set()
    while True:
        page = list_traces(replace(request, limit=_MOST), selected, after=after)
        for each in reversed(page.traces):
            if each.number in told:
                continue
            before, since = seen.get(each.number, (None, 0.0))
            if before != each:
                seen[each.number] = (each, now())
            elif now() - since >= QUIET_SECONDS:
                told.add(each.number)
                del seen[each.number]
                yield each
        if told and not seen:
            after = max(told)
        pause(POLL_SECONDS)


def after_call(
    trace_id: str,
    destination: Destination,
    *,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> TraceTree | None:
    """The trace of a call that has just ended, when all of it has come, or will not; None if there is none."""
    client = wiring.running_local_runtime() if destination.is_local else None
    if client is None:
        return None
    began, found = now(), None
    while found is None or not _is_complete(found, now() - began):
        if now() - began > WHOLE_SECONDS:
            break
        try:
            found = tree(trace_id, client.trace(trace_id=trace_id))
        except NotFoundError:
            pause(LOOK_SECONDS)
            continue
        if not _is_complete(found, now() - began):
            pause(LOOK_SECONDS)
    return found


def traced(headers: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The headers of a call, `NAME:VALUE`, with one that names its trace, and the trace's id."""
    for header in headers:
        name, _, value = header.partition(":")
        found = re.match(r"\s*[0-9a-f]{2}-([0-9a-f]{32})-", value)
        if name.strip().lower() == "traceparent" and found:
            return tuple(headers), found[1]
    trace_id = secrets.token_hex(16)
    return (*headers, f"traceparent:00-{trace_id}-{secrets.token_hex(8)}-01"), trace_id


def _is_complete(found: TraceTree, waited: float) -> bool:
    if not found.has_spans_of_agent:
        return waited > SPANS_SECONDS
    return found.is_whole
