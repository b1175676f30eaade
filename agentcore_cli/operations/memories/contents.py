"""What is in a memory, read: actors, sessions, a session's events, and records that fit a question."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from agentcore_cli import names
from agentcore_cli.errors import InputError, NotFoundError
from agentcore_cli.operations.memories.chosen import Chosen, choose
from agentcore_cli.operations.selection import Selected

_QUERY_MAX: Final = 10_000  # characters (RetrieveMemoryRecords)
_MADE: Final = re.compile(r".+-[0-9a-f]{40}")  # an id that was made of a session's name (`names.session_id`)


@dataclass(frozen=True, slots=True)
class Actors:
    target: str
    memory: str
    actors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """`created_at` is ISO 8601."""

    session: str
    actor: str
    created_at: str


@dataclass(frozen=True, slots=True)
class MemorySessions:
    target: str
    memory: str
    sessions: tuple[SessionFacts, ...]


@dataclass(frozen=True, slots=True)
class EventFacts:
    """One event; `payload` and `metadata` are as the service has them, `branch` is None on the main line."""

    id: str
    at: str
    branch: str | None
    payload: tuple[Mapping[str, Any], ...]
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A session's events, the oldest first. `more`: there are earlier ones than these."""

    target: str
    memory: str
    actor: str
    session: str
    events: tuple[EventFacts, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """`score` is how well it fits, the higher the better; None where the service gives none."""

    id: str
    text: str
    namespaces: tuple[str, ...]
    strategy_id: str | None
    created_at: str
    score: float | None


@dataclass(frozen=True, slots=True)
class SearchResult:
    target: str
    memory: str
    query: str
    records: tuple[RecordFacts, ...]


def actors(said: str, selected: Selected) -> Actors:
    with choose(selected, said) as chosen:
        return Actors(selected.target_name, chosen.memory.id, tuple(chosen.contents.actors()))


def sessions(said: str, actor: str | None, selected: Selected) -> MemorySessions:
    """The sessions of one actor, or of all, the newest first."""
    with choose(selected, said) as chosen:
        found = _sessions(chosen, actor)
        found.sort(key=lambda session: session.created_at, reverse=True)
        return MemorySessions(selected.target_name, chosen.memory.id, tuple(found))


def events(
    said: str, selected: Selected, *, actor: str | None, session: str | None, last: int, branch: str | None
) -> Transcript:
    """The newest `last` events of a session, the oldest of them first.

    Without `actor` it is the only one, or the one that has a session of that name; without `session` the actor's
    newest. A session may be named as `invoke --session-id` has it. Raises InputError where several may be meant,
    NotFoundError (4) where there is none.
    """
    with choose(selected, said) as chosen:
        actor, session = _conversation(chosen, selected, actor, session)
        newest = list(islice(chosen.contents.events(actor, session, branch=branch, page=min(last + 1, 100)), last + 1))
    if not newest:
        on = f" on branch {branch}" if branch else ""
        raise NotFoundError(
            f"actor {actor}, session {session}: no events{on}", hint=selected.command(f"memory sessions {said}")
        )
    shown = tuple(_event(event) for event in reversed(newest[:last]))
    return Transcript(selected.target_name, chosen.memory.id, actor, session, shown, len(newest) > last)


def search(said: str, query: str, selected: Selected, *, path: str, top: int, strategy: str | None) -> SearchResult:
    """The records below a namespace path that fit a question best. Raises InputError, NotFoundError (4)."""
    if not query.strip() or len(query) > _QUERY_MAX:
        raise InputError(f"memory search: a question has 1 to {_QUERY_MAX} characters, not only blanks")
    with choose(selected, said) as chosen:
        strategy_id = _strategy_id(chosen, strategy) if strategy else None
        found = chosen.contents.search(query, path=path, top=top, strategy_id=strategy_id)
        return SearchResult(selected.target_name, chosen.memory.id, query, tuple(_record(each) for each in found))


def _sessions(chosen: Chosen, actor: str | None) -> list[SessionFacts]:
    """Those of one actor, or of all."""
    actors = [actor] if actor else list(chosen.contents.actors())
    there = [session for each in actors for session in chosen.contents.sessions(each)]
    return [SessionFacts(each["sessionId"], each["actorId"], each["createdAt"].isoformat()) for each in there]


def _conversation(chosen: Chosen, selected: Selected, actor: str | None, session: str | None) -> tuple[str, str]:
    found = _sessions(chosen, actor)
    if session is not None:
        found = [each for each in found if _is_meant(each.session, session)]
    if not found:
        about = f"session {session}" if session else f"actor {actor}" if actor else "nobody"
        raise NotFoundError(
            f"memory {chosen.memory.id}: {about}: nothing was said",
            hint=selected.command(f"memory sessions {chosen.memory.id}"),
        )
    if len({each.actor for each in found}) > 1:
        several = ", ".join(sorted({each.actor for each in found})[:5])
        first = shlex.quote(found[0].actor)
        raise InputError(
            f"memory events: which actor? There are {several}",
            hint=selected.command(f"memory events {chosen.memory.id} --actor {first}"),
        )
    newest = max(found, key=lambda each: each.created_at)
    return newest.actor, newest.session


def _is_meant(session_id: str, said: str) -> bool:
    """Whether a session's name may stand for it: by itself, or as `invoke` makes an id of it for whatever runtime."""
    return said == session_id or (bool(_MADE.fullmatch(session_id)) and session_id[:-41] == names.readable(said))


def _strategy_id(chosen: Chosen, said: str) -> str:
    there = {each["name"]: each["strategyId"] for each in chosen.memory.settings.get("strategies", ())}
    if said in there.values():
        return said
    if said not in there:
        known = ", ".join(sorted(there)) or "none"
        raise NotFoundError(f"memory {chosen.memory.id}: no strategy {said}", hint=f"its strategies: {known}")
    found: str = there[said]
    return found


def _event(event: Mapping[str, Any]) -> EventFacts:
    return EventFacts(
        event["eventId"],
        event["eventTimestamp"].isoformat(),
        event.get("branch", {}).get("name"),
        tuple(event.get("payload", ())),
        event.get("metadata", {}),
    )


def _record(record: Mapping[str, Any]) -> RecordFacts:
    return RecordFacts(
        record["memoryRecordId"],
        record["content"].get("text", ""),
        tuple(record["namespaces"]),
        record.get("memoryStrategyId") or None,
        record["createdAt"].isoformat(),
        record.get("score"),
    )
