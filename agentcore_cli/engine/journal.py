"""What was done, written down before the next thing is."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agentcore_cli.engine.difference import Facts


class RecordStore(Protocol):
    """Where records are kept, as JSON objects by key. Each call is on disk when it returns."""

    def get(self, key: str) -> Mapping[str, Any] | None: ...

    def put(self, key: str, record: Mapping[str, Any]) -> None: ...

    def drop(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """What the journal knows of one resource.

    `facts` are those last applied, sensitive values as digests. `token` is set while a step is under way, or was when
    its process died; `wanted` is then the digest of what that step wanted.
    """

    outputs: Facts = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    token: str | None = None
    wanted: str | None = None


class Journal:
    """Records of one agent on one target."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    def recorded(self, key: str) -> JournalRecord | None:
        if (stored := self._store.get(key)) is None:
            return None
        return JournalRecord(
            outputs=stored.get("outputs", {}),
            facts=stored.get("facts", {}),
            token=stored.get("token"),
            wanted=stored.get("wanted"),
        )

    def intend(self, key: str, facts: Facts, wanted: str) -> str:
        """Note that a step is about to start, and give it a token.

        It is the token of before when the same thing was under way and nothing is known to have come of it: only then
        may the earlier call be answered once more in place of a new one.
        """
        before = self.recorded(key) or JournalRecord()
        unanswered = before.token and before.wanted == wanted and not before.outputs
        token = before.token if before.token and unanswered else str(uuid.uuid4())
        self._write(key, JournalRecord(before.outputs, facts, token, wanted))
        return token

    def save(self, key: str, outputs: Facts) -> None:
        """Keep what exists in the middle of a step."""
        before = self.recorded(key) or JournalRecord()
        self._write(key, JournalRecord(outputs, before.facts, before.token, before.wanted))

    def done(self, key: str, outputs: Facts, facts: Facts) -> None:
        self._write(key, JournalRecord(outputs, facts))

    def forget(self, key: str) -> None:
        self._store.drop(key)

    def _write(self, key: str, record: JournalRecord) -> None:
        stored = {"outputs": dict(record.outputs), "facts": dict(record.facts)}
        pending = {"token": record.token, "wanted": record.wanted} if record.token else {}
        self._store.put(key, stored | pending)
