"""From events that wait to records: by this machine's plain rules, or by what a project's own file has found.

That file is code of a stranger to this process, so it runs elsewhere (`local/extractions.py`): it is told what there is
to read (`to_read`), and what it found comes back (`keep`). Where a record lies and how long stays this side's decision.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from agentcore_cli.contract import TAG_AGENT, TAG_PROJECT
from agentcore_cli.local.memory import extraction
from agentcore_cli.local.memory.event_ids import event_id
from agentcore_cli.local.memory.frames import DrawnRecords, Reading
from agentcore_cli.local.memory.jobs import Jobs, Waiting
from agentcore_cli.local.memory.memories import Memories, MemoryRow
from agentcore_cli.local.memory.records import MemoryRecords
from agentcore_cli.local.store import Database

SUMMARY_MESSAGES: Final = 20  # of a session, the newest, that a summary is made of
READ_AT_ONCE: Final = 20  # events that a look at those that wait for a file gives at most

Json = dict[str, Any]


class _Event(NamedTuple):
    """`payload` is JSON, `thread` the number of the session."""

    memory: MemoryRow
    ms: int
    stamp: float
    payload: str
    actor: str
    session: str
    thread: int


class Drawing:
    """Changes belong inside the Store's transaction."""

    def __init__(self, store: Database, memories: Memories, records: MemoryRecords, jobs: Jobs) -> None:
        self._store = store
        self._memories = memories
        self._records = records
        self._jobs = jobs

    def draw(self, waiting: Waiting, now: float) -> None:
        """Make records of an event by the plain rules."""
        self._jobs.done(waiting)
        event = self._event(waiting)
        if event is None:
            return
        said = extraction.messages(msgspec.json.decode(event.payload))
        id = event_id(event.ms, waiting.event)
        for strategy in _asked(event.memory, waiting):
            told = self._newest(event.thread) if extraction.kind(strategy) == "SUMMARIZATION" and said else said
            found = extraction.extracts(strategy, told, id, event.session)
            self._put(waiting, event, strategy, found, now)

    def to_read(self, behind: int) -> list[Reading]:
        """The events that wait for a project's file the longest, after the one of number `behind`."""
        found = []
        for waiting in self._jobs.waiting(READ_AT_ONCE, by_file=True, behind=behind):
            event = self._event(waiting)
            if event is None:
                self._jobs.done(waiting)
            elif event.memory.extraction_file is None:
                self._jobs.leave_to_us(waiting)
            else:
                found.append(_reading(waiting, event, event.memory.extraction_file))
        return found

    def keep(self, found: DrawnRecords, now: float) -> None:
        """Make records of what a file has found in an event, and failed jobs of what it has not."""
        waiting = self._jobs.numbered(found.number)
        if waiting is None:
            return
        self._jobs.done(waiting)
        event = self._event(waiting)
        if event is None:
            return
        for strategy in _asked(event.memory, waiting):
            id = strategy["strategyId"]
            if reason := found.reason or found.failed.get(id):
                self._fail(waiting, event, strategy, reason)
            else:
                texts = found.texts.get(id, [])
                extracts = (extraction.Extract(text, f"text {text.casefold()}") for text in texts)
                self._put(waiting, event, strategy, extracts, now)

    def _put(
        self,
        waiting: Waiting,
        event: _Event,
        strategy: Json,
        found: Iterable[extraction.Extract],
        now: float,
    ) -> None:
        try:
            namespace = extraction.namespace(strategy, event.actor, event.session, waiting.variables)
        except extraction.NoNamespace as error:
            self._fail(waiting, event, strategy, str(error))
            return
        for one in found:
            self._records.put(
                event.memory,
                now,
                namespace=namespace,
                strategy=strategy["strategyId"],
                text=one.text,
                source=hashlib.sha256(one.source.encode()).hexdigest(),
                days=strategy.get("recordExpiryDurationDays"),
            )

    def _fail(self, waiting: Waiting, event: _Event, strategy: Json, reason: str) -> None:
        self._jobs.fail(
            waiting,
            memory=event.memory.seq,
            strategy=strategy["strategyId"],
            event_id=event_id(event.ms, waiting.event),
            session=event.session,
            actor=event.actor,
            reason=reason,
        )

    def _event(self, waiting: Waiting) -> _Event | None:
        row = self._store.one(
            "SELECT events.memory, ms, stamp, payload, actors.actor, sessions.session, sessions.seq FROM events"
            " JOIN sessions ON sessions.seq = events.session JOIN actors ON actors.seq = sessions.actor"
            " WHERE events.seq = ?",
            waiting.event,
        )
        memory = self._memories.numbered(row[0]) if row else None
        return _Event(memory, *row[1:]) if row is not None and memory is not None else None

    def _newest(self, thread: int) -> list[extraction.SaidMessage]:
        """The newest messages of a session, in the order in which they were said."""
        rows = self._store.execute("SELECT payload FROM events WHERE session = ? ORDER BY ms DESC, seq DESC", thread)
        said: list[extraction.SaidMessage] = []
        for (payload,) in rows:
            said = extraction.messages(msgspec.json.decode(payload)) + said
            if len(said) >= SUMMARY_MESSAGES:
                break
        return said[-SUMMARY_MESSAGES:]


def _asked(memory: MemoryRow, waiting: Waiting) -> list[Json]:
    return [each for each in memory.strategies if waiting.strategy in (None, each["strategyId"])]


def _reading(waiting: Waiting, event: _Event, file: str) -> Reading:
    payload = msgspec.json.decode(event.payload)
    told = {
        "memoryId": event.memory.id,
        "actorId": event.actor,
        "sessionId": event.session,
        "eventId": event_id(event.ms, waiting.event),
        "eventTimestamp": event.stamp,
        "messages": [message._asdict() for message in extraction.messages(payload)],
        "payload": payload,
    }
    shown = ("strategyId", "name", "type", "description", "namespaceTemplates", "configuration")
    strategies = [{name: each[name] for name in shown if name in each} for each in _asked(event.memory, waiting)]
    tags: Mapping[str, str] = event.memory.tags
    return Reading(
        waiting.seq, event.memory.id, tags.get(TAG_PROJECT, ""), tags.get(TAG_AGENT, ""), file, told, strategies
    )
