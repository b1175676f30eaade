"""The operations on memories themselves: the control plane's part."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import msgspec

from agentcore_cli.contract import LOCAL_ACCOUNT, SERVICE, TAG_EXTRACTION, TAG_PROJECT
from agentcore_cli.local.control.records import new_id
from agentcore_cli.local.http.session_tokens import denied
from agentcore_cli.local.http.wire import ServiceFault
from agentcore_cli.local.memory import paging, strategies
from agentcore_cli.local.memory.call import MemoryCall
from agentcore_cli.local.memory.rules import STRATEGIES_MAX
from agentcore_cli.local.memory.tokens import MemoryTokens
from agentcore_cli.local.store import Database

SETTLE_SECONDS: Final = 0.5  # how long a memory is on its way to another status, on the runtime's clock
MEMORIES_MAX: Final = 150  # per account and region (bedrock-agentcore-limits)
PAGE_SIZE: Final = 10  # ListMemories, when maxResults is not given
DAY: Final = 86_400.0  # seconds
_SETTINGS: Final = (
    *("description", "encryptionKeyArn", "memoryExecutionRoleArn"),
    *("indexedKeys", "namespaceKeys", "streamDeliveryResources"),
)
_CHANGED: Final = ("description", "memoryExecutionRoleArn", "namespaceKeys", "streamDeliveryResources")
_COLUMNS: Final = "seq, id, region, name, expiry_days, status, settles_at, created_at, updated_at, body, tags"

Json = dict[str, Any]
Status = Literal["CREATING", "ACTIVE", "UPDATING", "DELETING"]


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """`settles_at` is when CREATING and UPDATING become ACTIVE, and DELETING nothing; times are epoch seconds."""

    seq: int
    id: str
    region: str
    name: str
    expiry_days: int
    status: Status
    settles_at: float
    created_at: float
    updated_at: float
    body: Json = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:{SERVICE}:{self.region}:{LOCAL_ACCOUNT}:memory/{self.id}"

    @property
    def extraction_file(self) -> str | None:
        """The project's own file that is called in place of what this machine draws from events."""
        return self.tags.get(TAG_EXTRACTION)

    @property
    def strategies(self) -> list[Json]:
        found: list[Json] = self.body.get("strategies", [])
        return found


class Memories:
    def __init__(self, store: Database, tokens: MemoryTokens) -> None:
        self._store = store
        self._tokens = tokens

    def find(self, call: MemoryCall) -> MemoryRow:
        """The memory that a call of the data plane is for, which takes calls. Raises ServiceFault (400, 403, 404)."""
        given: str = call.members["memoryId"]
        memory = self._existing(given.rpartition("/")[2], call.now)
        if call.granted and (memory is None or call.project is None or memory.tags.get(TAG_PROJECT) != call.project):
            raise denied(call.operation.name, given)
        named = memory is not None and given in (memory.id, memory.arn)
        if memory is None or not named or not (call.granted or memory.region == call.region):
            raise _not_found(given)
        if memory.status == "CREATING":
            raise ServiceFault.validation("Memory status is not active")
        return memory

    def numbered(self, seq: int) -> MemoryRow | None:
        """A memory by its number in the tables, whatever becomes of it."""
        row = self._store.one(f"SELECT {_COLUMNS} FROM memories WHERE seq = ?", seq)
        return _memory(row) if row else None

    def all(self) -> list[MemoryRow]:
        """All of them, whatever becomes of them."""
        return [_memory(row) for row in self._store.all(f"SELECT {_COLUMNS} FROM memories")]

    def create(self, call: MemoryCall) -> Json:
        return {"memory": self._tokens.once(call, call.region, lambda: self._create(call))}

    def get(self, call: MemoryCall) -> Json:
        return {"memory": _details(self._named(call))}

    def list(self, call: MemoryCall) -> Json:
        (before,), size = paging.after(call), paging.size(call, PAGE_SIZE)
        rows = self._store.all(
            f"SELECT {_COLUMNS} FROM memories WHERE region = ? AND seq < ? ORDER BY seq DESC", call.region, before
        )
        found = [memory for row in rows if (memory := _settled(_memory(row), call.now))]
        return paging.listing(call, "memories", size, [(memory.seq, _summary(memory)) for memory in found])

    def update(self, call: MemoryCall) -> Json:
        memory = self._named(call)
        return {"memory": self._tokens.once(call, memory.id, lambda: self._update(call, memory))}

    def delete(self, call: MemoryCall) -> Json:
        return self._tokens.once(call, call.members["memoryId"], lambda: self._delete(call))

    def tag(self, call: MemoryCall) -> Json:
        memory = self._of_arn(call)
        tags = memory.tags | call.members["tags"]
        if len(tags) > 50:
            raise ServiceFault.quota("The limit of 50 tags per resource would be exceeded")
        self._write(replace(memory, tags=tags))
        return {}

    def untag(self, call: MemoryCall) -> Json:
        memory = self._of_arn(call)
        keys = call.members["tagKeys"]
        self._write(replace(memory, tags={key: value for key, value in memory.tags.items() if key not in keys}))
        return {}

    def list_tags(self, call: MemoryCall) -> Json:
        return {"tags": dict(sorted(self._of_arn(call).tags.items()))}

    def _create(self, call: MemoryCall) -> Json:
        name = call.members["name"]
        rows = self._store.all(f"SELECT {_COLUMNS} FROM memories WHERE region = ?", call.region)
        there = [memory for row in rows if (memory := _settled(_memory(row), call.now))]
        if any(memory.name == name for memory in there):
            raise ServiceFault.validation(f"Memory with name {name} already exists")
        if len(there) >= MEMORIES_MAX:
            raise ServiceFault.quota(f"The limit of {MEMORIES_MAX} memories per account is reached")
        body = {setting: call.members[setting] for setting in _SETTINGS if setting in call.members}
        body["strategies"] = [
            strategies.made(strategy, call.now) for strategy in call.members.get("memoryStrategies", [])
        ]
        memory = MemoryRow(
            seq=0,
            id=new_id(name),
            region=call.region,
            name=name,
            expiry_days=call.members["eventExpiryDuration"],
            status="CREATING",
            settles_at=call.now + SETTLE_SECONDS,
            created_at=call.now,
            updated_at=call.now,
            body=body,
            tags=call.members.get("tags", {}),
        )
        self._store.execute(f"INSERT INTO memories VALUES (NULL{', ?' * 10})", *_row(memory))
        return _details(memory)

    def _update(self, call: MemoryCall, memory: MemoryRow) -> Json:
        if memory.status != "ACTIVE":
            raise ServiceFault.conflict(f"Memory {memory.id} is {memory.status}")
        body = memory.body | {setting: call.members[setting] for setting in _CHANGED if setting in call.members}
        if added := call.members.get("addIndexedKeys"):
            body["indexedKeys"] = [*body.get("indexedKeys", []), *added]
        body["strategies"] = strategies.changed(memory.strategies, call.members.get("memoryStrategies", {}), call.now)
        if len(body["strategies"]) > STRATEGIES_MAX:
            raise ServiceFault.quota(f"A memory has at most {STRATEGIES_MAX} strategies")
        changed = replace(
            memory,
            expiry_days=call.members.get("eventExpiryDuration", memory.expiry_days),
            status="UPDATING",
            settles_at=call.now + SETTLE_SECONDS,
            updated_at=call.now,
            body=body,
        )
        self._write(changed)
        return _details(changed)

    def _delete(self, call: MemoryCall) -> Json:
        memory = self._named(call)
        if memory.status in ("CREATING", "UPDATING"):
            raise ServiceFault.conflict(f"Memory {memory.id} is {memory.status}")
        if memory.status != "DELETING":
            self._write(replace(memory, status="DELETING", settles_at=call.now + SETTLE_SECONDS, updated_at=call.now))
        return {"memoryId": memory.id, "status": "DELETING"}

    def _named(self, call: MemoryCall) -> MemoryRow:
        memory_id = call.members["memoryId"]
        memory = self._existing(memory_id, call.now)
        if memory is None or memory.region != call.region:
            raise _not_found(memory_id)
        return memory

    def _of_arn(self, call: MemoryCall) -> MemoryRow:
        arn = call.members["resourceArn"]
        memory = self._existing(arn.rpartition("/")[2], call.now)
        if memory is None or (memory.arn, memory.region) != (arn, call.region):
            raise ServiceFault.not_found(f"No resource found with ARN '{arn}'")
        return memory

    def _existing(self, memory_id: str, now: float) -> MemoryRow | None:
        row = self._store.one(f"SELECT {_COLUMNS} FROM memories WHERE id = ?", memory_id)
        return _settled(_memory(row), now) if row else None

    def _write(self, memory: MemoryRow) -> None:
        self._store.execute(
            "UPDATE memories SET id = ?, region = ?, name = ?, expiry_days = ?, status = ?, settles_at = ?,"
            " created_at = ?, updated_at = ?, body = ?, tags = ? WHERE seq = ?",
            *(*_row(memory), memory.seq),
        )


def _memory(row: tuple[Any, ...]) -> MemoryRow:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return MemoryRow(**values | {name: msgspec.json.decode(values[name]) for name in ("body", "tags")})


def _row(memory: MemoryRow) -> tuple[Any, ...]:
    """All of it but its number."""
    return (
        *(memory.id, memory.region, memory.name, memory.expiry_days, memory.status, memory.settles_at),
        *(memory.created_at, memory.updated_at),
        *(msgspec.json.encode(memory.body).decode(), msgspec.json.encode(memory.tags).decode()),
    )


def _settled(memory: MemoryRow, now: float) -> MemoryRow | None:
    """The memory as it is by now; None when it is gone."""
    if now < memory.settles_at:
        return memory
    return None if memory.status == "DELETING" else replace(memory, status="ACTIVE")


def _details(memory: MemoryRow) -> Json:
    return {
        **_summary(memory),
        "name": memory.name,
        "eventExpiryDuration": memory.expiry_days,
        **memory.body,
        "strategies": [strategies.shown(strategy, memory.status) for strategy in memory.strategies],
    }


def _summary(memory: MemoryRow) -> Json:
    return {
        "arn": memory.arn,
        "id": memory.id,
        "status": memory.status,
        "createdAt": memory.created_at,
        "updatedAt": memory.updated_at,
    }


def _not_found(memory_id: str) -> ServiceFault:
    return ServiceFault.not_found(f"Memory not found: {memory_id}")
