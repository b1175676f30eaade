"""What the engine asks of a resource, and what it offers to one at work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from agentcore_cli.engine.difference import Facts, FieldChange
from agentcore_cli.engine.journal import JournalRecord
from agentcore_cli.errors import ConflictError

Outputs = Mapping[str, Facts]
"""What each resource became or promises to become, by key. An output not known before apply reads as `PENDING`."""


class WorkStopped(Exception):
    """The deploy was interrupted; raised out of `Work.pause`."""


@dataclass(frozen=True, slots=True)
class Desired:
    """What a resource should be. `promises` are the outputs known before anything is done."""

    facts: Facts
    promises: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a resource is. `facts` compare with those of Desired; `outputs` are what others and the record need of it.

    `name` is what a person finds it by, an ARN or a path. `reason` is why it may differ, where the resource knows.
    `refusal` is set when the thing has our name and is not ours: why, and the ways out. `supplied`: it is somebody
    else's and used because the configuration says so; it is never recorded, changed or deleted.
    """

    facts: Facts
    outputs: Facts = field(default_factory=dict)
    name: str = ""
    refusal: ConflictError | None = None
    reason: str = ""
    supplied: bool = False


class Work(Protocol):
    """One step while it runs."""

    @property
    def desired(self) -> Facts: ...

    @property
    def found(self) -> Found | None:
        """What is there; None when it is to be made."""

    @property
    def changed(self) -> Collection[str]:
        """The names of the facts that differ; empty on a create."""

    @property
    def token(self) -> str:
        """36 characters, the same after a crash: whoever passes it on makes one thing, not two."""

    def tell(self, message: str) -> None:
        """One line of progress."""

    def show(self, line: str) -> None:
        """One line that a program wrote elsewhere."""

    def pause(self, seconds: float) -> None:
        """Wait, but not past a Ctrl-C or another step's failure: then Stopped."""

    def stopping(self) -> bool:
        """Whether the deploy was interrupted, for work that can't use `pause`."""

    def save(self, outputs: Facts) -> None:
        """Write what exists by now to the journal, before a long wait."""


class Resource(Protocol):
    """One thing that we own somewhere. Methods may raise AgentcoreError; they keep nothing between two calls."""

    @property
    def key(self) -> str:
        """Its name in plans, records and events."""

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The keys of what must be there before it."""

    @property
    def sensitive(self) -> frozenset[str]:
        """Facts whose values are never shown or written down."""

    def desired(self, outputs: Outputs, found: Found | None) -> Desired | None:
        """What it should be, or None when the configuration does not want it. `found` is what `read` saw."""

    def read(self, recorded: JournalRecord | None) -> Found | None:
        """What is there: by what the journal knows, else by name and owner."""

    def apply(self, work: Work) -> Found:
        """Make it so; `work.found` is what is there (None: nothing). Returns what is there now."""

    def destroy(self, found: Found, work: Work) -> None:
        """Remove it and wait until it is gone. Safe to call again."""


@runtime_checkable
class Preparing(Protocol):
    """A resource with work that can fail before anything is changed anywhere: an image is built and checked."""

    def prepare(self, work: Work) -> None:
        """Called before any step of the plan is carried out; twice is as good as once.

        `work.desired` is what the plan knew, with `PENDING` in it; there is no token yet, and nothing is to be saved.
        """


@runtime_checkable
class Replacing(Protocol):
    """A resource of which not every change can be made in place: for some it is made anew."""

    def replaces(self, change: FieldChange) -> bool:
        """Whether this is one of those."""


@runtime_checkable
class Widening(Protocol):
    """A resource that can tell when a change lets somebody do more than before."""

    def widens(self, change: FieldChange) -> bool:
        """Whether this change of a thing that is there gives wider permissions."""


@runtime_checkable
class Outliving(Protocol):
    """A resource that is made after others and may be removed only after them, too."""

    @property
    def outlives(self) -> tuple[str, ...]:
        """The keys, among `depends_on`, of what must be gone before it is removed."""
