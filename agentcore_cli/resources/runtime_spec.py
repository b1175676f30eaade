"""What a deploy wants of an agent runtime."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agentcore_cli.config import AgentConfig
from agentcore_cli.contract import MEMORY_VARIABLES
from agentcore_cli.engine import Outputs
from agentcore_cli.resources.ownership import Owner

Foresees = Callable[[str | None, Mapping[str, Any]], None]


def not_foreseen(runtime_id: str | None, request: Mapping[str, Any]) -> None:
    """Nobody wants to hear of a version before it is made."""


@dataclass(frozen=True, slots=True)
class RuntimeSpec:
    """What the config and the command line want of a runtime.

    `given` are the variables of this deploy's `--env`, an empty one to be forgotten; `given_before` are the names of
    those that earlier deploys were given, None without a record. `secrets` are references, for the launcher; a variable
    that is said otherwise is not fetched. `artifact` and `role` make those facts from what was
    made before. `believes_tags`: those of the record count, and are not read. `supplied_id` is that of a runtime which
    somebody else made: it is updated, and gets no tags of ownership. `memory` makes the variables that name the agent's
    memory, of which the config may set one itself; None without a memory. `keeps` sees to it that an image (its URI)
    lasts that a runtime (its id, None: a new one) is about to run. `foresees` hears of a version before it is made: the
    same id, and the request.
    """

    name: str
    owner: Owner
    agent: AgentConfig
    role: Callable[[Outputs], str]
    artifact: Callable[[Outputs], Mapping[str, Any]]
    region: str
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    given_before: frozenset[str] | None = None
    believes_tags: bool = False
    supplied_id: str | None = None
    memory: Callable[[Outputs], Mapping[str, str]] | None = None
    keeps: Callable[[str, str | None], None] = lambda image, runtime_id: None
    foresees: Foresees = not_foreseen

    @property
    def named(self) -> frozenset[str]:
        """The variables that the config sets, itself or by naming a memory."""
        return frozenset(self.environment) | (frozenset(MEMORY_VARIABLES) if self.memory else frozenset())
