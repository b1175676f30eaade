"""Which memory somebody means: an id, an ARN, the config's name for the agent's own, or a name on the target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from agentcore_cli import wiring
from agentcore_cli.aws.memories import MemoryControl, MemoryDescription
from agentcore_cli.aws.memory_contents import EVERYWHERE, Json, MemoryContents
from agentcore_cli.aws.session import AwsSession
from agentcore_cli.errors import InputError, NotFoundError
from agentcore_cli.operations.deploy.plan import visit
from agentcore_cli.operations.selection import Selected

_ID: Final = re.compile(r"(?:arn:[^/]+:memory/)?([a-zA-Z][a-zA-Z0-9-_]{0,99}-[a-zA-Z0-9]{10})")
_NAME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,47}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A memory that is there, and the client of what is in it."""

    memory: MemoryDescription
    contents: MemoryContents
    client: MemoryControl

    def records(self) -> Iterator[Json]:
        """Every record. Namespaces that strategies begin without a / are no children of /, and are asked for apart."""
        templates = [
            template
            for strategy in self.memory.settings.get("strategies", ())
            for template in strategy.get("namespaceTemplates") or strategy.get("namespaces") or ()
        ]
        apart = {template.partition("{")[0].rstrip("/") for template in templates if not template.startswith("/")}
        seen: set[str] = set()
        for path in (EVERYWHERE, *sorted(path for path in apart if path)):
            for record in self.contents.records(path=path):
                if record["memoryRecordId"] not in seen:
                    seen.add(record["memoryRecordId"])
                    yield record


@contextmanager
def choose(selected: Selected, said: str) -> Iterator[Chosen]:
    """The memory that `said` means. Raises InputError for what is no name, NotFoundError (4) when it is not there."""
    with visit(selected) as place:
        yield find(place.session, selected, said)


def find(session: AwsSession, selected: Selected, said: str) -> Chosen:
    client = wiring.memories(session)
    memory = _found(client, selected, said)
    if memory is None:
        raise NotFoundError(
            f"memory {said}: there is none on {selected.target_name}", hint=selected.command("memory list")
        )
    return Chosen(memory, wiring.memory_contents(session, memory.id), client)


def own_id(selected: Selected) -> str | None:
    """The id of the memory that the agent uses on this target, as far as config and records know it."""
    settings = selected.agent.whole_memory
    return wiring.memory_id(selected) or (settings.supplied_id if settings and not selected.is_local else None)


def _found(client: MemoryControl, selected: Selected, said: str) -> MemoryDescription | None:
    if by_id := _ID.fullmatch(said):
        there = client.get(by_id[1])
        settings = selected.agent.whole_memory
        if there or not (settings and settings.supplied_id == by_id[1]):
            return there
        said = settings.label  # on the local runtime another stands in for it
    if not _NAME.fullmatch(said):
        raise InputError(
            f"memory {said!r}: neither a name (a letter, then letters, digits and _, at most 48) nor an id",
            hint=selected.command("memory list"),
        )
    settings = selected.agent.whole_memory
    wanted = wiring.memory_name(selected) if settings and settings.label == said else None
    listed = {memory.name: memory for memory in client.all()}
    there = listed.get(wanted or said) or listed.get(said)
    return client.get(there.id) if there else None
