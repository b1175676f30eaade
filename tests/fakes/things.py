"""A world of things in memory, a resource that makes them, and a journal that lives with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentcore_cli.engine import Desired, FieldChange, Found, Journal, JournalRecord, Outputs, Work
from agentcore_cli.errors import ConflictError
from agentcore_cli.events import Event, Step


class Killed(BaseException):
    """Stands for kill -9: nothing of the deploy runs after it."""


@dataclass
class World:
    """What exists, by name, and every call that changed it, in order."""

    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)

    def make(self, name: str, facts: Mapping[str, Any], token: str) -> None:
        """As a service with client tokens does: the same token makes nothing twice."""
        self.calls.append(f"make {name}")
        if self.tokens.get(token) != name:
            assert name not in self.things, f"{name} was made twice"
            self.tokens[token] = name
            self.things[name] = dict(facts)

    def change(self, name: str, facts: Mapping[str, Any]) -> None:
        self.calls.append(f"change {name}")
        self.things[name] = dict(facts)

    def remove(self, name: str) -> None:
        self.calls.append(f"remove {name}")
        self.things.pop(name, None)


def nothing(work: Work) -> None:
    """What most things do besides being made."""


@dataclass
class Thing:
    """A resource whose facts are given. `before` and `after` run around the call that makes or changes it."""

    world: World
    key: str
    facts: dict[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    sensitive: frozenset[str] = frozenset()
    immutable: frozenset[str] = frozenset()
    wanted: bool = True
    foreign: bool = False
    supplied: bool = False
    stays: bool = False
    before: Callable[[Work], None] = nothing
    after: Callable[[Work], None] = nothing

    def desired(self, outputs: Outputs, found: Found | None) -> Desired | None:
        if not self.wanted:
            return None
        inherited = {key: outputs[key]["id"] for key in self.depends_on if key in outputs}
        return Desired(self.facts | inherited)

    def read(self, recorded: JournalRecord | None) -> Found | None:
        if (facts := self.world.things.get(self.key)) is None:
            return None
        refusal = ConflictError(f"{self.key} is not ours") if self.foreign else None
        return Found(facts, self.outputs(), f"thing/{self.key}", refusal, supplied=self.supplied)

    def replaces(self, change: FieldChange) -> bool:
        return change.name in self.immutable

    def apply(self, work: Work) -> Found:
        self.before(work)
        if work.found:
            self.world.change(self.key, work.desired)
        else:
            self.world.make(self.key, work.desired, work.token)
        self.after(work)
        return Found(work.desired, self.outputs(), f"thing/{self.key}")

    def destroy(self, found: Found, work: Work) -> None:
        if not self.stays:
            self.world.remove(self.key)

    def outputs(self) -> dict[str, Any]:
        return {"id": f"id-of-{self.key}"}


@dataclass
class PreparedThing(Thing):
    """One with work of its own before its dependencies are there."""

    ahead: Callable[[Work], None] = nothing

    def prepare(self, work: Work) -> None:
        self.world.calls.append(f"prepare {self.key}")
        self.ahead(work)


@dataclass
class Power(Thing):
    """One whose `rights`, a number, let somebody do more when they grow."""

    def widens(self, change: FieldChange) -> bool:
        return change.name == "rights" and change.new > change.old


@dataclass
class Trace(Thing):
    """One that is removed after what it was made from."""

    outlives: tuple[str, ...] = ()


class MemoryStore:
    """A RecordStore; `dies_after` lets it die after that many writes, as the disk of a killed process would look."""

    def __init__(self, dies_after: int | None = None) -> None:
        self.records: dict[str, Mapping[str, Any]] = {}
        self.writes = 0
        self._dies_after = dies_after
        self._lock = threading.Lock()

    def get(self, key: str) -> Mapping[str, Any] | None:
        return self.records.get(key)

    def put(self, key: str, record: Mapping[str, Any]) -> None:
        with self._lock:
            self.records[key] = record
            self.writes += 1
            if self._dies_after is not None and self.writes >= self._dies_after:
                raise Killed

    def drop(self, key: str) -> None:
        self.records.pop(key, None)

    def journal(self) -> Journal:
        return Journal(self)


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def steps(self, status: str) -> list[str]:
        """The names of the steps that were told to be in this state, in order."""
        return [event.name for event in self.events if isinstance(event, Step) and event.status == status]
