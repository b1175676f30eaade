"""Remove what deploy made for an agent on a target, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agentcore_cli import wiring
from agentcore_cli.engine import Change, apply, plan_destroy
from agentcore_cli.errors import InputError
from agentcore_cli.events import Listener
from agentcore_cli.operations.plan import work_on
from agentcore_cli.operations.selection import Selected
from agentcore_cli.resources.runtime import Patience


@dataclass(frozen=True, slots=True)
class DestroyRequest:
    """`consent` is shown the deletions and answers; with `dry_run` it is not asked. `timeout` is in seconds."""

    consent: Callable[[tuple[Change, ...]], bool]
    dry_run: bool = False
    timeout: float = 900.0


@dataclass(frozen=True, slots=True)
class DestroyResult:
    """`deletions` were made, or with `dry_run` would be; empty when nothing of ours was there."""

    agent: str
    target: str
    deletions: tuple[Change, ...]
    dry_run: bool = False
    seconds: Mapping[str, float] = field(default_factory=dict)


def destroy(request: DestroyRequest, selected: Selected, listener: Listener) -> DestroyResult:
    """Look, ask, delete in order, wait, and read again that it is gone. Safe to run again.

    Raises InputError when the answer is no, ConflictError while a deploy is under way, StillInProgressError (7).
    """
    patience = Patience(seconds=request.timeout)
    with work_on(selected, "destroy", listener) as place:
        resources = wiring.resources(selected, place.door, given={}, patience=patience, listener=listener)
        plan = plan_destroy(resources, place.journal)
        if request.dry_run:
            return DestroyResult(selected.agent_name, selected.target_name, plan.changes, dry_run=True)
        if plan.changes and not request.consent(plan.changes):
            raise InputError("nothing was destroyed: the answer was no")
        outcome = apply(plan, place.journal, listener)
        wiring.store().sweep(wiring.local_runtime(selected).artifacts())
    return DestroyResult(selected.agent_name, selected.target_name, plan.changes, seconds=outcome.seconds)
