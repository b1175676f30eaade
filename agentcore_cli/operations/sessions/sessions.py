"""The sessions of an agent: list, show, stop.

The local runtime tells which there are. AWS has no such call: there it is those that this project has talked to, and
what became of them is told by the clock alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from agentcore_cli import names, wiring
from agentcore_cli.contract import DEFAULT_ENDPOINT
from agentcore_cli.errors import NotFoundError
from agentcore_cli.ledger import Expiry, Ledger, LedgerEntry, LedgerKey, Turn
from agentcore_cli.local.protocol import SessionRecord
from agentcore_cli.operations import destination
from agentcore_cli.operations.selection import Selected
from agentcore_cli.operations.sessions.known import note_stopped

ALIVE: Final = ("provisioning", "active", "idle", "stopping", "used lately", "maybe idled out")
_STOP_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Sessions:
    """`now` is the runtime's clock, which tests may have advanced; `source` is who told which sessions there are."""

    sessions: tuple[SessionRecord, ...]
    now: float
    source: Literal["runtime", "ledger"]


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session and what this project has said in it: sizes in bytes and times, payloads where they were kept."""

    session: SessionRecord
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class StoppedSessions:
    """The ids, and the names by which they were asked for; of `--all` those that they are listed by."""

    stopped: tuple[str, ...]
    names: tuple[str, ...]


def list_sessions(selected: Selected, *, ended: bool = False) -> Sessions:
    """The sessions that are, or may be, alive, newest use first; with `ended` those of the past too."""
    page = _at_runtime(selected) if selected.is_local else _remembered(selected)
    chosen = [session for session in page.sessions if ended or session.state in ALIVE]
    return replace(page, sessions=tuple(sorted(chosen, key=lambda session: -session.last_used_at)))


def show_session(selected: Selected, name: str) -> ShownSession:
    """The newest session of this name or id. Raises NotFoundError."""
    session = find_session(list_sessions(selected, ended=True).sessions, selected, name)
    key = LedgerKey(wiring.deployed(selected).arn, session.endpoint, session.session_id)
    return ShownSession(session, tuple(Ledger(selected.loaded.root).turns(key)))


def find_session(sessions: Iterable[SessionRecord], selected: Selected, name: str) -> SessionRecord:
    """The newest of `sessions` with this name or id. Raises NotFoundError."""
    arn = wiring.deployed(selected).arn
    matching = [s for s in sessions if s.session_id == name or s.session_id == names.session_id(name, arn, s.endpoint)]
    if not matching:
        raise NotFoundError(f"session {name}: not found", hint=selected.command("sessions list"))
    return max(matching, key=lambda session: session.started_at)


def stop_sessions(selected: Selected, name: str | None, *, bearer: str | None = None) -> StoppedSessions:
    """Stop the session of this name or id, or all that may be alive with None. Raises NotFoundError.

    On AWS a session that is not in the ledger, somebody else's, is stopped too if its name or id is right.
    """
    alive = list_sessions(selected).sessions
    if name is None:
        chosen = alive
    elif selected.is_local:
        chosen = (find_session(alive, selected, name),)
    else:
        chosen = (_remembered_or_not(alive, selected, name),)
    there = destination.of(selected, None)
    plane = there.plane(timeout=_STOP_SECONDS, bearer=bearer)
    stopped = []
    for session in chosen:
        try:
            plane.stop_session(there.arn, session.endpoint, session.session_id)
        except NotFoundError as error:
            note_stopped(there._replace(endpoint=session.endpoint), session.session_id)
            if name is not None:
                error.hint = error.hint or selected.command("sessions list")
                raise
            continue  # it ended by itself between the list and the stop
        note_stopped(there._replace(endpoint=session.endpoint), session.session_id)
        stopped.append(session)
    return StoppedSessions(tuple(s.session_id for s in stopped), tuple(name or s.name for s in stopped))


def _remembered_or_not(alive: Iterable[SessionRecord], selected: Selected, name: str) -> SessionRecord:
    try:
        return find_session(alive, selected, name)
    except NotFoundError:
        session_id = names.session_id(name, wiring.deployed(selected).arn, DEFAULT_ENDPOINT)
        return SessionRecord(
            name=name,
            runtime_arn=wiring.deployed(selected).arn,
            session_id=session_id,
            endpoint=DEFAULT_ENDPOINT,
            state="unknown",
            started_at=0.0,
            last_used_at=0.0,
            invocations=0,
        )


def _at_runtime(selected: Selected) -> Sessions:
    page = wiring.local_runtime().sessions(wiring.deployed(selected).arn)
    return Sessions(page.sessions, page.now, "runtime")


def _remembered(selected: Selected) -> Sessions:
    now = time.time()
    lifecycle = selected.agent.lifecycle
    expiry = Expiry(now, lifecycle.idle_timeout, lifecycle.max_lifetime)
    arn = wiring.deployed(selected).arn
    entries = Ledger(selected.loaded.root).sessions(arn)
    return Sessions(tuple(_by_the_clock(arn, entry, expiry) for entry in entries), now, "ledger")


def _by_the_clock(arn: str, entry: LedgerEntry, expiry: Expiry) -> SessionRecord:
    if entry.stopped:
        state = "stopped"
    elif expiry.has_outlived(entry):
        state = "outlived"
    else:
        state = "maybe idled out" if expiry.was_idle(entry) else "used lately"
    return SessionRecord(
        name=entry.name,
        runtime_arn=arn,
        session_id=entry.session_id,
        endpoint=entry.endpoint,
        state=state,
        started_at=entry.started_at,
        last_used_at=entry.last_used,
        invocations=entry.turns,
    )
