"""`memory import`: an export brought into another memory; one that was broken off goes on, and nothing is in it twice.

What is there already is known again (`there`), however long ago it came and from whichever machine. Each event is made
with a token that follows from the two memories and the event, for what a look does not show yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.memories import lines
from agentcore_cli.operations.memories.chosen import Chosen, choose
from agentcore_cli.operations.memories.there import SessionContents, There
from agentcore_cli.operations.selection import Selected

_BATCH: Final = 100  # records in one call (BatchCreateMemoryRecords)


@dataclass
class _Counts:
    events: int = 0
    records: int = 0
    events_there: int = 0
    records_there: int = 0


@dataclass(frozen=True, slots=True)
class Brought:
    """`events` and `records` are new in the memory, those `_there` were in it already."""

    target: str
    memory: str
    source: str
    events: int
    records: int
    events_there: int
    records_there: int


def bring(said: str, file: str, selected: Selected, listener: Listener, *, extract: bool = False) -> Brought:
    """Make the events and records of an export in the memory that `said` means.

    Records are taken over as they are, with the strategy of the same name; the events are not drawn into records once
    more. With `extract` it is the other way: the memory's own strategies read the events that are new, and the file's
    records stay out. Raises InputError for what is no whole export, AgentcoreError for a record that the service does
    not take.
    """
    path = Path(file)
    source = _checked(path)
    with choose(selected, said) as chosen:
        counts = _Bringing(chosen, file, source, extract).run(path)
        if extract and counts.events_there:
            listener(Note("strategies read what is new alone; to have all of it read, import into another memory"))
        return Brought(
            *(selected.target_name, chosen.memory.id, source["id"]),
            *(counts.events, counts.records, counts.events_there, counts.records_there),
        )


@dataclass
class _Bringing:
    chosen: Chosen
    shown: str
    source: Mapping[str, Any]
    extract: bool
    counts: _Counts = field(default_factory=_Counts)
    _conversations: dict[tuple[str, str], SessionContents] = field(default_factory=dict)
    _waiting: list[lines.Json] = field(default_factory=list)

    def run(self, path: Path) -> _Counts:
        there = There(self.chosen)
        with path.open("rb") as stream:
            for number, kind, content in lines.read(stream, self.shown):
                if kind == "event":
                    self._event(number, content, there)
                elif kind == "session":
                    self._conversations.pop((content.get("actorId", ""), content.get("sessionId", "")), None)
                elif kind == "record" and not self.extract:
                    self._record(number, content, there)
        self._make_records()
        return self.counts

    def _event(self, number: int, event: Mapping[str, Any], there: There) -> None:
        place = (self._member(number, event, "actorId"), self._member(number, event, "sessionId"))
        self._member(number, event, "eventId")
        at = lines.moment(event.get("eventTimestamp"), self.shown, number)
        conversation = self._conversations.get(place)
        if conversation is None:
            conversation = self._conversations[place] = there.conversation(*place)
        if conversation.takes(event, at):
            self.counts.events_there += 1
        else:
            conversation.ids[event["eventId"]] = self._make_event(number, event, at, conversation)
            self.counts.events += 1

    def _make_event(self, number: int, event: Mapping[str, Any], at: datetime, conversation: SessionContents) -> str:
        body = {name: event[name] for name in ("actorId", "sessionId")}
        body |= {"payload": event.get("payload", []), "eventTimestamp": at}
        body |= {"metadata": event["metadata"]} if event.get("metadata") else {}
        body |= {"branch": self._branch(number, event["branch"], conversation)} if event.get("branch") else {}
        body |= {} if self.extract else {"extractionMode": "SKIP"}
        return conversation.make(body, self._token(event["eventId"]))

    def _branch(self, number: int, branch: Mapping[str, Any], conversation: SessionContents) -> Mapping[str, Any]:
        root = branch.get("rootEventId")
        if root is None:
            return branch
        if root not in conversation.ids:
            raise InputError(f"{self.shown}:{number}: a branch of event {root}, which is not in the file before it")
        return {**branch, "rootEventId": conversation.ids[root]}

    def _record(self, number: int, record: Mapping[str, Any], there: There) -> None:
        for name in ("memoryRecordId", "namespaces", "content"):
            self._member(number, record, name)
        if there.takes(record):
            self.counts.records_there += 1
            return
        self._waiting.append(self._as_new(number, record))
        if len(self._waiting) == _BATCH:
            self._make_records()

    def _as_new(self, number: int, record: Mapping[str, Any]) -> lines.Json:
        """The record as BatchCreateMemoryRecords has it; its strategy is the one here of the same name, or none."""
        here = {each["name"]: each["strategyId"] for each in self.chosen.memory.settings.get("strategies", ())}
        name = self.source.get("strategies", {}).get(record.get("memoryStrategyId"))
        at = record.get("timestamp") or record.get("createdAt")
        made: lines.Json = {
            "requestIdentifier": record["memoryRecordId"],
            "namespaces": record["namespaces"],
            "content": record["content"],
            "timestamp": lines.moment(at, self.shown, number),
        }
        made |= {"memoryStrategyId": here[name]} if name in here else {}
        return made | ({"metadata": record["metadata"]} if record.get("metadata") else {})

    def _make_records(self) -> None:
        if not self._waiting:
            return
        token = self._token("".join(record["requestIdentifier"] for record in self._waiting))
        failed = self.chosen.contents.create_records(self._waiting, token)
        if failed:
            first = failed[0]
            raise AgentcoreError(
                f"{self.shown}: {len(failed)} of {len(self._waiting)} records were not taken; the first, "
                f"{first.get('requestIdentifier')}: {first.get('errorMessage')}",
                hint="take their lines out of the file; what is there already is not made twice",
            )
        self.counts.records += len(self._waiting)
        self._waiting.clear()

    def _member(self, number: int, content: Mapping[str, Any], name: str) -> Any:
        if name not in content:
            kind = "record" if "memoryRecordId" in content or "content" in content else "event"
            raise InputError(f"{self.shown}:{number}: {kind} without {name}")
        return content[name]

    def _token(self, about: str) -> str:
        """The same for the same thing on the same way, whatever file it comes in."""
        way = f"{self.chosen.memory.arn}\n{self.source.get('arn')}\n{self.extract}\n{about}"
        return hashlib.sha256(way.encode()).hexdigest()


def _checked(path: Path) -> Mapping[str, Any]:
    """The memory that the file was made of. Raises InputError unless it is a whole export."""
    last = ""
    source: Mapping[str, Any] = {}
    try:
        with path.open("rb") as stream:
            for _, kind, content in lines.read(stream, str(path)):
                source = source or content
                last = kind
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from None
    if last != "end":
        raise InputError(
            f"{path}: it ends in the middle", hint="agentcore memory export to the same file goes on from there"
        )
    return source
