"""`memory import`: an export brought into another memory; one that was broken off goes on, and nothing is in it twice.

Each event is made with a token that follows from the two memories and the event, so a call that is repeated makes
nothing new. Which line became what is written down beside, since a branch names the event that it grew from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from agentcore_cli import files, wiring
from agentcore_cli.errors import AgentcoreError, ConflictError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.memories import lines
from agentcore_cli.operations.memories.chosen import Chosen, choose
from agentcore_cli.operations.selection import Selected

_BATCH: Final = 100  # records in one call (BatchCreateMemoryRecords)


@dataclass(frozen=True, slots=True)
class Brought:
    """What this run made, and `before`: what runs before it had made of the same file."""

    target: str
    memory: str
    source: str
    events: int
    records: int
    before: int


@dataclass
class _Journal:
    """Lines of the file that have come to something: the new id of an event by its old one, and how far records are."""

    path: Path
    ids: dict[str, str] = field(default_factory=dict)
    records: int = 0

    @classmethod
    def open(cls, path: Path) -> _Journal:
        journal = cls(path)
        if path.exists():
            written = path.read_bytes()
            whole = written[: written.rfind(b"\n") + 1]  # a killed run may have left half a line
            if whole != written:
                path.write_bytes(whole)
            for text in whole.splitlines():
                journal._take(json.loads(text))
        return journal

    def write(self, stream: BinaryIO, line: Mapping[str, Any]) -> None:
        stream.write(json.dumps(line).encode() + b"\n")
        stream.flush()
        self._take(line)

    def _take(self, line: Mapping[str, Any]) -> None:
        self.ids |= line.get("ids", {})
        self.records = line.get("records", self.records)


def bring(said: str, file: str, selected: Selected, listener: Listener, *, extract: bool = False) -> Brought:
    """Make the events and records of an export in the memory that `said` means.

    Records are taken over as they are, with the strategy of the same name; the events are not drawn into records once
    more. With `extract` it is the other way: the memory's own strategies read the events, and the file's records stay
    out. Raises InputError for what is no whole export, AgentcoreError for a record that the service does not take.
    """
    path = Path(file)
    digest, source = _checked(path)
    with choose(selected, said) as chosen:
        key = hashlib.sha256(f"{chosen.memory.arn}\n{digest}\n{extract}".encode()).hexdigest()
        kept = wiring.memory_imports() / f"{key}.jsonl"
        with files.lock(kept.with_suffix(".lock"), purpose=f"import of {file}"):
            journal = _Journal.open(kept)
            before = len(journal.ids) + journal.records
            if before:
                listener(Note(f"going on: {before} of it are there"))
            is_done = False
            try:
                with kept.open("ab") as log:
                    made = _Bringing(chosen, journal, log, file, str(source.get("arn")), extract).run(path, source)
                is_done = True
            finally:
                if is_done or not (journal.ids or journal.records):  # there is nothing to go on from
                    kept.unlink()
                    kept.with_suffix(".lock").unlink()
    return Brought(selected.target_name, chosen.memory.id, source["id"], *made, before)


@dataclass
class _Bringing:
    chosen: Chosen
    journal: _Journal
    log: BinaryIO
    shown: str
    source: str
    extract: bool
    _waiting: list[lines.Json] = field(default_factory=list)
    _seen: int = 0

    def run(self, path: Path, source: Mapping[str, Any]) -> tuple[int, int]:
        """Gives how many events and records it has made."""
        events, records = 0, 0
        with path.open("rb") as stream:
            for number, kind, content in lines.read(stream, self.shown):
                if kind == "event" and content.get("eventId") not in self.journal.ids:
                    self._make_event(number, content)
                    events += 1
                elif kind == "record" and not self.extract:
                    self._seen += 1
                    if self._seen > self.journal.records:
                        self._waiting.append(self._record(number, content, source))
                        records += 1
                if len(self._waiting) == _BATCH:
                    self._make_records()
        self._make_records()
        return events, records

    def _make_event(self, number: int, event: Mapping[str, Any]) -> None:
        try:
            body = {name: event[name] for name in ("actorId", "sessionId")}
            body |= {"payload": event.get("payload", []), "clientToken": self._token(event["eventId"])}
        except KeyError as missing:
            raise InputError(f"{self.shown}:{number}: an event without {missing.args[0]}") from None
        body["eventTimestamp"] = lines.moment(event.get("eventTimestamp"), self.shown, number)
        body |= {"metadata": event["metadata"]} if event.get("metadata") else {}
        body |= {"branch": self._branch(number, event["branch"])} if event.get("branch") else {}
        body |= {} if self.extract else {"extractionMode": "SKIP"}
        try:
            made = self.chosen.contents.create_event(body)
        except InputError as error:
            if "token" not in error.message:
                raise
            raise self._is_there_otherwise(number) from error
        self.journal.write(self.log, {"ids": {event["eventId"]: made["eventId"]}})

    def _is_there_otherwise(self, number: int) -> ConflictError:
        """An event's token stands for how it was brought, too: what strategies have not read they don't read later."""
        without = "without" if self.extract else "with"
        return ConflictError(
            f"{self.shown}:{number}: its events were brought into {self.chosen.memory.id} before, {without} --extract",
            hint="import them into another memory",
        )

    def _branch(self, number: int, branch: Mapping[str, Any]) -> Mapping[str, Any]:
        root = branch.get("rootEventId")
        if root is None:
            return branch
        if root not in self.journal.ids:
            raise InputError(f"{self.shown}:{number}: a branch of event {root}, which is not in the file before it")
        return {**branch, "rootEventId": self.journal.ids[root]}

    def _record(self, number: int, record: Mapping[str, Any], source: Mapping[str, Any]) -> lines.Json:
        """The record as BatchCreateMemoryRecords has it; its strategy is the one here of the same name, or none."""
        here = {each["name"]: each["strategyId"] for each in self.chosen.memory.settings.get("strategies", ())}
        name = source.get("strategies", {}).get(record.get("memoryStrategyId"))
        at = record.get("timestamp") or record.get("createdAt")
        try:
            made: lines.Json = {
                "requestIdentifier": record["memoryRecordId"],
                "namespaces": record["namespaces"],
                "content": record["content"],
                "timestamp": lines.moment(at, self.shown, number),
            }
        except KeyError as missing:
            raise InputError(f"{self.shown}:{number}: a record without {missing.args[0]}") from None
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
        self.journal.write(self.log, {"records": self.journal.records + len(self._waiting)})
        self._waiting.clear()

    def _token(self, about: str) -> str:
        """The same for the same thing on the same way, whatever file it comes in."""
        return hashlib.sha256(f"{self.chosen.memory.arn}\n{self.source}\n{about}".encode()).hexdigest()


def _checked(path: Path) -> tuple[str, Mapping[str, Any]]:
    """The digest of the file, and the memory that it was made of. Raises InputError unless it is a whole export."""
    digest, last = hashlib.sha256(), ""
    source: Mapping[str, Any] = {}
    try:
        with path.open("rb") as stream:
            for _, kind, content in lines.read(stream, str(path)):
                source = source or content
                last = kind
            stream.seek(0)
            while piece := stream.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from None
    if last != "end":
        raise InputError(
            f"{path}: it ends in the middle", hint="agentcore memory export to the same file goes on from there"
        )
    return digest.hexdigest(), source
