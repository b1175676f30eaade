"""The operations on memory records: what is kept of the events beyond them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory import paging
from agentcore_cli.local.memory.call import MemoryCall
from agentcore_cli.local.memory.filters import of_metadata, of_namespaces
from agentcore_cli.local.memory.memories import DAY, Memories, MemoryRow
from agentcore_cli.local.memory.search import Search
from agentcore_cli.local.memory.tokens import MemoryTokens
from agentcore_cli.local.store import Database

TOP_K: Final = 10  # when it is not given (the model's documentation)
_COLUMNS: Final = "seq, id, namespace, strategy, text, metadata, stamp, created_at, expires_at"

Json = dict[str, Any]


class MemoryRecord(NamedTuple):
    """`metadata` is JSON; times are epoch seconds, `expires_at` None for never."""

    seq: int
    id: str
    namespace: str
    strategy: str
    text: str
    metadata: str | None
    stamp: float
    created_at: float
    expires_at: float | None


class MemoryRecords:
    def __init__(self, store: Database, memories: Memories, tokens: MemoryTokens, search: Search) -> None:
        self._store = store
        self._memories = memories
        self._tokens = tokens
        self._search = search

    def create(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        return self._tokens.once(
            call, memory.id, lambda: self._each(call, lambda given: self._create(call, memory, given))
        )

    def update(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        return self._each(call, lambda given: self._update(call, memory, given))

    def delete_batch(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        return self._each(call, lambda given: self._delete(call, memory, given))

    def delete(self, call: MemoryCall) -> Json:
        return {"memoryRecordId": self._delete(call, self._memories.find(call), call.members)}

    def get(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        record = self._existing(call, memory, call.members)
        shown = _shown(record)
        if record.expires_at is not None:
            shown["expiresAt"] = record.expires_at
        return {"memoryRecord": shown}

    def list(self, call: MemoryCall) -> Json:
        memory = self._memories.find(call)
        (before,), size = paging.after(call), paging.size(call)
        condition, values = self._asked(call, call.members)
        rows = self._store.all(
            f"SELECT {_COLUMNS} FROM records WHERE memory = ? AND seq < ?{condition} ORDER BY seq DESC LIMIT ?",
            *(memory.seq, before, *values, size + 1),
        )
        shown = [(row[0], _shown(MemoryRecord(*row))) for row in rows]
        return paging.listing(call, "memoryRecordSummaries", size, shown)

    def retrieve(self, call: MemoryCall) -> Json:
        """The best of those that have a word of the search, in pages of the first `topK`."""
        memory = self._memories.find(call)
        criteria = call.members["searchCriteria"]
        condition, values = self._asked(call, criteria)
        top = criteria.get("topK", TOP_K)
        begin = 0 if "nextToken" not in call.members else paging.after(call)[0]
        found = self._search.find(memory.seq, criteria["searchQuery"], condition, values, top)
        end = begin + paging.size(call, top)
        shown = [_shown(self._numbered(seq)) | {"score": score} for seq, score in found[begin:end]]
        answer: Json = {"memoryRecordSummaries": shown}
        if len(found) > end:
            answer["nextToken"] = paging.token(call, end)
        return answer

    def put(
        self,
        memory: MemoryRow,
        now: float,
        *,
        namespace: str,
        strategy: str,
        text: str,
        source: str,
        days: int | None = None,
    ) -> None:
        """Keep what a strategy found; what it found of the same `source` there before is replaced."""
        row = self._store.one(
            f"SELECT {_COLUMNS} FROM records WHERE memory = ? AND strategy = ? AND source = ? AND namespace = ?",
            *(memory.seq, strategy, source, namespace),
        )
        expires_at = None if days is None else now + days * DAY
        if row is None:
            self._insert(memory, MemoryRecord(0, "", namespace, strategy, text, None, now, now, expires_at), source)
        else:
            old = MemoryRecord(*row)
            self._change(memory, old, old._replace(text=text, stamp=now, expires_at=expires_at))

    def remove(self, memory: int, seq: int, text: str) -> None:
        self._search.remove(memory, seq, text)
        self._store.execute("DELETE FROM records WHERE seq = ?", seq)

    def _each(self, call: MemoryCall, perform: Callable[[Mapping[str, Any]], str]) -> Json:
        """One by one: what can't be done of a batch is told, and the rest is done."""
        done: list[Json] = []
        failed: list[Json] = []
        for given in call.members["records"]:
            told = {name: given[name] for name in ("requestIdentifier", "memoryRecordId") if name in given}
            try:
                done.append({**told, "memoryRecordId": perform(given), "status": "SUCCEEDED"})
            except ServiceFault as fault:
                failed.append({**told, "status": "FAILED", "errorCode": fault.status, "errorMessage": fault.message})
        return {"successfulRecords": done, "failedRecords": failed}

    def _create(self, call: MemoryCall, memory: MemoryRow, given: Mapping[str, Any]) -> str:
        expires_at = _expiry(call, None)
        namespace = (given["namespaces"] or [""])[0]
        strategy = self._strategy(memory, given)
        metadata = _json(given.get("metadata"))
        record = MemoryRecord(
            *(0, "", namespace, strategy, given["content"]["text"], metadata),
            *(given["timestamp"], call.now, expires_at),
        )
        return self._insert(memory, record, None)

    def _insert(self, memory: MemoryRow, record: MemoryRecord, source: str | None) -> str:
        id = f"mem-{uuid.uuid4()}"
        cursor = self._store.execute(
            "INSERT INTO records"
            " (id, memory, namespace, strategy, text, metadata, stamp, created_at, expires_at, source)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(id, memory.seq, *record[2:], source),
        )
        assert cursor.lastrowid is not None  # an INSERT has one
        self._search.add(memory.seq, cursor.lastrowid, record.text)
        return id

    def _update(self, call: MemoryCall, memory: MemoryRow, given: Mapping[str, Any]) -> str:
        old = self._existing(call, memory, given)
        if "sourceNamespaces" in given and given["sourceNamespaces"] != _namespaces(old):
            raise _not_found(old.id)
        new = old._replace(stamp=given["timestamp"], expires_at=_expiry(call, old.expires_at))
        if "content" in given:
            new = new._replace(text=given["content"]["text"])
        if "namespaces" in given:
            new = new._replace(namespace=(given["namespaces"] or [""])[0])
        if "memoryStrategyId" in given:
            new = new._replace(strategy=self._strategy(memory, given))
        if "metadata" in given:
            new = new._replace(metadata=_json(given["metadata"]))
        self._change(memory, old, new)
        return old.id

    def _change(self, memory: MemoryRow, old: MemoryRecord, new: MemoryRecord) -> None:
        if new.text != old.text:
            self._search.remove(memory.seq, old.seq, old.text)
            self._search.add(memory.seq, old.seq, new.text)
        self._store.execute(
            "UPDATE records SET namespace = ?, strategy = ?, text = ?, metadata = ?, stamp = ?, expires_at = ?"
            " WHERE seq = ?",
            *(new.namespace, new.strategy, new.text, new.metadata, new.stamp, new.expires_at, old.seq),
        )

    def _delete(self, call: MemoryCall, memory: MemoryRow, given: Mapping[str, Any]) -> str:
        record = self._existing(call, memory, given)
        self.remove(memory.seq, record.seq, record.text)
        return record.id

    def _existing(self, call: MemoryCall, memory: MemoryRow, given: Mapping[str, Any]) -> MemoryRecord:
        id = given["memoryRecordId"]
        row = self._store.one(
            f"SELECT {_COLUMNS} FROM records WHERE id = ? AND memory = ? AND coalesce(expires_at, ?) > ?",
            *(id, memory.seq, call.now + 1, call.now),
        )
        if row is None or ("namespace" in given and given["namespace"] != row[2]):
            raise _not_found(id)
        return MemoryRecord(*row)

    def _numbered(self, seq: int) -> MemoryRecord:
        row = self._store.one(f"SELECT {_COLUMNS} FROM records WHERE seq = ?", seq)
        assert row is not None  # it was found in the same look
        return MemoryRecord(*row)

    def _asked(self, call: MemoryCall, criteria: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
        """What a list or a search asks of its records, as SQL; the memory is not in it."""
        conditions = [of_namespaces(call.members), of_metadata(criteria.get("metadataFilters", []))]
        if "memoryStrategyId" in criteria:
            conditions.append((" AND strategy = ?", [criteria["memoryStrategyId"]]))
        conditions.append((" AND (expires_at IS NULL OR expires_at > ?)", [call.now]))
        return "".join(text for text, _ in conditions), [value for _, values in conditions for value in values]

    def _strategy(self, memory: MemoryRow, given: Mapping[str, Any]) -> str:
        strategy: str = given.get("memoryStrategyId", "")
        if strategy and all(strategy != there["strategyId"] for there in memory.strategies):
            raise ServiceFault.validation(f"No strategy of this memory has the id {strategy}")
        return strategy


def _shown(record: MemoryRecord) -> Json:
    """An item of a list. `memoryStrategyId` is required in the model: empty when there is none."""
    shown: Json = {
        "memoryRecordId": record.id,
        "content": {"text": record.text},
        "memoryStrategyId": record.strategy,
        "namespaces": _namespaces(record),
        "createdAt": record.created_at,
        "timestamp": record.stamp,
    }
    if record.metadata is not None:
        shown["metadata"] = msgspec.Raw(record.metadata.encode())
    return shown


def _namespaces(record: MemoryRecord) -> list[str]:
    return [record.namespace] if record.namespace else []


def _expiry(call: MemoryCall, now: float | None) -> float | None:
    """When a record expires by what the call says of it, which may be nothing."""
    asked = call.members.get("recordExpirySpecification", {})
    if "recordExpiryDurationDays" in asked:
        return call.now + float(asked["recordExpiryDurationDays"]) * DAY
    return None if asked.get("action") == "REMOVE" else now


def _json(metadata: Mapping[str, Any] | None) -> str | None:
    return None if metadata is None else msgspec.json.encode(metadata).decode()


def _not_found(id: str) -> ServiceFault:
    return ServiceFault.not_found(f"Memory record not found: {id}")
