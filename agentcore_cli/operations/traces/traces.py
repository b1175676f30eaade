"""The traces of an agent: which there are, and one of them whole."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import Final

from agentcore_cli import names, wiring
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.errors import InputError, NotFoundError
from agentcore_cli.formats.otlp import WholeTrace
from agentcore_cli.local.protocol import TracePage
from agentcore_cli.operations.selection import Selected

LIMIT: Final = 20
FIND_MAX: Final = 10_000  # traces among which the beginning of an id is looked for


@dataclass(frozen=True, slots=True)
class TracesRequest:
    """`session` is a name or an id; `since` is seconds before now; without `endpoint` it is all of them here."""

    session: str | None = None
    endpoint: str | None = None
    since: float | None = None
    limit: int = LIMIT


def list_traces(request: TracesRequest, selected: Selected, *, after: int = 0) -> TracePage:
    """The newest traces, newest first; with `after` those whose number is above. Raises NotFoundError (4) when the
    agent isn't deployed.
    """
    if not selected.is_local:
        from agentcore_cli.operations.traces.cloud_traces import list_on_aws

        return list_on_aws(request, selected)
    arn = wiring.deployed(selected).arn
    query: dict[str, str | int | float] = {"runtime_arn": arn, "limit": request.limit, "after": after}
    if request.endpoint is not None:
        query["endpoint"] = request.endpoint
    if request.session is not None:
        query["session_id"] = names.session_id(request.session, arn, request.endpoint or DEFAULT_ENDPOINT)
    if request.since is not None:
        query["since"] = time.time() - request.since
    return wiring.local_runtime().traces(**query)


def find_trace(named: str | None, request: TracesRequest, selected: Selected) -> str:
    """The id of the trace that begins with `named`, or of the last one. Raises NotFoundError, InputError."""
    if named is not None and re.fullmatch("[0-9a-f]{32}", named):
        return named
    page = list_traces(request if named is None else replace(request, limit=FIND_MAX), selected)
    found = [each for each in page.traces if named is None or each.trace_id.startswith(named.lower())]
    if named is None and found:
        return found[0].trace_id
    ids = {each.trace_id for each in found}
    if len(ids) > 1 and named not in ids:
        raise InputError(f"trace {named}: {len(ids)} traces begin so", hint=selected.command("traces list"))
    if not found:
        raise _not_found(named, selected)
    return found[0].trace_id


def show_trace(trace_id: str, selected: Selected, endpoint: str | None = None) -> WholeTrace:
    """All spans of a trace. Raises NotFoundError."""
    if not selected.is_local:
        from agentcore_cli.operations.traces.cloud_traces import show_on_aws

        return show_on_aws(selected, trace_id, endpoint)
    try:
        return wiring.local_runtime().trace(trace_id=trace_id)
    except NotFoundError as error:
        raise _not_found(trace_id, selected) from error


def _not_found(named: str | None, selected: Selected) -> NotFoundError:
    if named is None:
        return NotFoundError(
            f"{selected.agent_name}: there is no trace yet: each call makes one",
            hint=f"{selected.command('invoke')} PAYLOAD",
        )
    return NotFoundError(f"trace {named}: not found", hint=selected.command("traces list"))
