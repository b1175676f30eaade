"""Make, list, show and delete memories beside what a deploy does."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, get_args

import msgspec

from agentcore_cli import wiring
from agentcore_cli.aws.memories import MemoryControl, MemoryDescription
from agentcore_cli.aws.memory_contents import MemoryContents
from agentcore_cli.config import MemoryConfig as Settings
from agentcore_cli.config.memory import StrategyType
from agentcore_cli.contract import TAG_EXTRACTION, TAG_PROJECT, TAG_TARGET
from agentcore_cli.errors import AgentcoreError, InputError
from agentcore_cli.events import Listener, Note
from agentcore_cli.operations.deploy.plan import visit
from agentcore_cli.operations.memories.chosen import Chosen, choose, own_id
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources import memory_facts
from agentcore_cli.resources.memory import MOVING
from agentcore_cli.resources.wait_options import WaitOptions

COUNTED_MAX: Final = 1000  # what is counted one by one: more is told as "at least so many"
_NAMED: Final = re.compile(r"(?P<type>[a-z_]+)(:(?P<name>[a-zA-Z][a-zA-Z0-9_]{0,47}))?")


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """`strategies` are TYPE or TYPE:NAME as typed; `timeout` is in seconds."""

    name: str
    expiry_days: int
    strategies: tuple[str, ...] = ()
    description: str | None = None
    wait: bool = True
    timeout: float = 900.0


@dataclass(frozen=True, slots=True)
class StrategyFacts:
    """`type` is the config's word, `records` how many records it has made (None: not counted)."""

    id: str
    name: str
    type: str
    status: str
    namespaces: tuple[str, ...]
    description: str | None
    records: int | None = None


@dataclass(frozen=True, slots=True)
class MemoryFacts:
    """`own`: it is the one that the agent uses. `created_at` is ISO 8601."""

    id: str
    arn: str
    name: str
    status: str
    failure: str | None
    created_at: str
    own: bool


@dataclass(frozen=True, slots=True)
class Listed:
    target: str
    memories: tuple[MemoryFacts, ...]


@dataclass(frozen=True, slots=True)
class ShownMemory:
    """One memory in full. Counts stop at `COUNTED_MAX`; `retrieval` is how the local runtime finds records.

    `extraction` is the project's file that draws records there, None for none of its own. `failed_extractions` are
    counted on the local runtime, `last_failure` is why the newest of them failed.
    """

    target: str
    memory: MemoryFacts
    expiry_days: int
    description: str | None
    strategies: tuple[StrategyFacts, ...]
    tags: Mapping[str, str]
    actors: int
    sessions: int
    records: int
    retrieval: str | None = None
    extraction: str | None = None
    failed_extractions: int = 0
    last_failure: str | None = None
    counted_max: int = COUNTED_MAX


@dataclass(frozen=True, slots=True)
class Deleted:
    target: str
    id: str
    name: str


def create(request: CreateRequest, selected: Selected, listener: Listener) -> ShownMemory:
    """Make a memory of the project's, with its tags, and wait until it is ACTIVE.

    Raises InputError for what the service would refuse, ConflictError for a name that is taken,
    StillInProgressError (7).
    """
    settings = _settings(request)
    facts = memory_facts.facts_of_config(settings)
    tags = {TAG_PROJECT: selected.loaded.config.project, TAG_TARGET: selected.target_name}
    with visit(selected) as place:
        client = wiring.memories(place.session)
        body = memory_facts.create_body(facts) | {"name": settings.name, "tags": tags}
        memory = client.create(body | {"clientToken": str(uuid.uuid4())})
        if request.wait:
            memory = _settled(client, memory, request.timeout, listener)
        contents = wiring.memory_contents(place.session, memory.id)
        return _shown(selected, Chosen(client.get(memory.id) or memory, contents, client), tags)


def list_memories(selected: Selected) -> Listed:
    """All memories of the account in the region, or of the local runtime, by their names."""
    with visit(selected) as place:
        there = wiring.memories(place.session).all()
    own = own_id(selected)
    return Listed(selected.target_name, tuple(_facts(memory, own) for memory in sorted(there, key=lambda m: m.id)))


def show(said: str, selected: Selected) -> ShownMemory:
    """One memory with what is in it, counted. Raises NotFoundError (4)."""
    with choose(selected, said) as chosen:
        tags = chosen.client.tags(chosen.memory.arn)
        return _shown(selected, chosen, tags)


def delete(
    said: str,
    selected: Selected,
    listener: Listener,
    *,
    consent: Callable[[MemoryDescription], bool],
    wait: bool,
    timeout: float,
) -> Deleted:
    """Delete a memory with all that is in it, once `consent` has been given, and wait until it is gone."""
    with choose(selected, said) as chosen:
        memory = chosen.memory
        if not consent(memory):
            raise InputError("nothing was deleted: the answer was no")
        chosen.client.delete(memory.id)
        if wait:
            wait_options, tell = WaitOptions(seconds=timeout), _teller(listener)
            wait_options.until(
                lambda: chosen.client.get(memory.id) is None, f"memory {memory.id}", "it is gone", tell=tell
            )
    return Deleted(selected.target_name, memory.id, memory.name)


def _settings(request: CreateRequest) -> Settings:
    """What was typed, by the rules of the config. Raises InputError."""
    said = {
        "name": request.name,
        "expiry_days": request.expiry_days,
        "strategies": [_strategy(text) for text in request.strategies],
        **({"description": request.description} if request.description else {}),
    }
    try:
        settings = msgspec.convert(said, Settings)
    except msgspec.ValidationError:
        from agentcore_cli.config.explain import explain

        raise InputError("; ".join(f"memory create: {fault}" for fault in explain(said, Settings))) from None
    labels = [strategy.label for strategy in settings.strategies]
    if twice := next((label for label in labels if labels.count(label) > 1), None):
        raise InputError(f"--strategy: two are called {twice}", hint=f"--strategy {twice}:ANOTHER_NAME")
    if settings.supplied_id:
        raise InputError(f"memory {request.name}: that is an id; give a name of letters, digits and _")
    return settings


def _strategy(text: str) -> dict[str, str]:
    found, types = _NAMED.fullmatch(text), get_args(StrategyType)
    if found is None or found["type"] not in types:
        raise InputError(f"--strategy {text}: none of {', '.join(types)}", hint="--strategy semantic:facts")
    if found["type"] == "custom":
        raise InputError(
            f"--strategy {text}: a custom one needs prompts and models",
            hint="write it into the config, memory.strategies, and deploy",
        )
    return {"type": found["type"], **({"name": found["name"]} if found["name"] else {})}


def _settled(client: MemoryControl, memory: MemoryDescription, timeout: float, listener: Listener) -> MemoryDescription:
    seen = [memory]

    def is_settled() -> bool:
        seen[:] = [client.get(memory.id) or memory]
        return seen[0].status not in MOVING

    WaitOptions(seconds=timeout).until(is_settled, f"memory {memory.id}", "it is ACTIVE", tell=_teller(listener))
    if seen[0].status == "FAILED":
        raise AgentcoreError(f"memory {memory.id}: FAILED: {seen[0].failure or 'the service gives no reason'}")
    return seen[0]


def _teller(listener: Listener) -> Callable[[str], None]:
    return lambda message: listener(Note(message))


def _facts(memory: MemoryDescription, own: str | None) -> MemoryFacts:
    return MemoryFacts(
        memory.id,
        memory.arn,
        memory.name,
        memory.status,
        memory.failure,
        memory.created_at,
        memory.id == own,
    )


def _shown(selected: Selected, chosen: Chosen, tags: Mapping[str, str]) -> ShownMemory:
    memory, contents = chosen.memory, chosen.contents
    actors = list(islice(contents.actors(), COUNTED_MAX))
    sessions = _count(session for actor in actors for session in contents.sessions(actor))
    settings = memory.settings
    failed = list(islice(contents.failed_extractions(), COUNTED_MAX)) if selected.is_local else []
    return ShownMemory(
        target=selected.target_name,
        memory=_facts(memory, own_id(selected)),
        expiry_days=settings["eventExpiryDuration"],
        description=settings.get("description"),
        strategies=tuple(_strategy_facts(each, contents) for each in settings.get("strategies", ())),
        tags=tags,
        actors=len(actors),
        sessions=sessions,
        records=_count(chosen.records()),
        retrieval=memory.retrieval,
        extraction=tags.get(TAG_EXTRACTION),
        failed_extractions=len(failed),
        last_failure=failed[0].get("failureReason") if failed else None,
    )


def _strategy_facts(strategy: Mapping[str, Any], contents: MemoryContents) -> StrategyFacts:
    return StrategyFacts(
        id=strategy["strategyId"],
        name=strategy["name"],
        type=memory_facts.type_of(strategy),
        status=strategy.get("status", "ACTIVE"),
        namespaces=tuple(strategy.get("namespaceTemplates") or strategy.get("namespaces") or ()),
        description=strategy.get("description"),
        records=_count(contents.records(strategy_id=strategy["strategyId"])),
    )


def _count(items: Iterable[Any]) -> int:
    return sum(1 for _ in islice(items, COUNTED_MAX))
