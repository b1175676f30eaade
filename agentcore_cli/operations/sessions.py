"""The sessions of an agent: list, show, stop."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from agentcore_cli import names, wiring
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.errors import NotFoundError
from agentcore_cli.local.client import SessionRecord
from agentcore_cli.operations.selection import Selected

ALIVE = ("provisioning", "active", "idle", "stopping")
_NAMED = re.compile(r"(.+)-[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Session:
    """One session; times are seconds since the epoch on the local runtime's clock."""

    name: str
    session_id: str
    endpoint: str
    version: str
    state: str
    started_at: float
    last_used_at: float
    invocations: int
    sandbox: str
    sandbox_reason: str
    warm: bool
    cold_reason: str
    pid: int | None
    log: str
    ended_at: float | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Sessions:
    """`now` is the runtime's clock, which tests may have advanced."""

    sessions: tuple[Session, ...]
    now: float


@dataclass(frozen=True, slots=True)
class Stopped:
    stopped: tuple[str, ...]


def list_sessions(selected: Selected, *, ended: bool = False) -> Sessions:
    """The sessions that are alive, newest use first; with `ended` those of the past too."""
    deployed = wiring.deployed(selected)
    page = wiring.local_runtime(selected).sessions(deployed.arn)
    chosen = [_session(record) for record in page.sessions if ended or record.state in ALIVE]
    return Sessions(tuple(sorted(chosen, key=lambda session: -session.last_used_at)), page.now)


def show_session(selected: Selected, name: str) -> Session:
    """The newest session of this name or id. Raises NotFoundError."""
    return find_session(list_sessions(selected, ended=True).sessions, selected, name)


def find_session(sessions: Iterable[Session], selected: Selected, name: str) -> Session:
    """The newest of `sessions` with this name or id. Raises NotFoundError."""
    arn = wiring.deployed(selected).arn
    matching = [s for s in sessions if s.session_id == name or s.session_id == names.session_id(name, arn, s.endpoint)]
    if not matching:
        raise NotFoundError(f"session {name}: not found", hint=selected.command("sessions list"))
    return max(matching, key=lambda session: session.started_at)


def stop_sessions(selected: Selected, name: str | None) -> Stopped:
    """Stop the session of this name or id, or all that are alive with None. Raises NotFoundError."""
    alive = list_sessions(selected).sessions
    chosen = alive if name is None else (find_session(alive, selected, name),)
    plane = wiring.data_plane(selected, timeout=60)
    arn = wiring.deployed(selected).arn
    stopped = []
    for session in chosen:
        try:
            plane.stop_session(arn, session.endpoint, session.session_id)
        except NotFoundError:
            if name is not None:
                raise
            continue  # it ended by itself between the list and the stop
        stopped.append(session.session_id)
    return Stopped(tuple(stopped))


def _session(record: SessionRecord) -> Session:
    named = _NAMED.fullmatch(record.session_id)
    return Session(
        name=named[1] if named else record.session_id,
        session_id=record.session_id,
        endpoint=record.endpoint or DEFAULT_ENDPOINT,
        version=record.version,
        state=record.state,
        started_at=record.started_at,
        last_used_at=record.last_used_at,
        invocations=record.invocations,
        sandbox=record.sandbox,
        sandbox_reason=record.sandbox_reason,
        warm=record.warm,
        cold_reason=record.cold_reason,
        pid=record.pid,
        log=record.log,
        ended_at=record.ended_at,
        end_reason=record.end_reason,
    )
