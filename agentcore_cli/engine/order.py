"""What waits for what while a plan is carried out."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli.engine.plan import Action, Plan, PlannedStep, removed_before
from agentcore_cli.engine.resource import Preparing


@dataclass(frozen=True, slots=True)
class Task:
    """A step, or the half of one that needs nothing of the others (`prepares`). `awaited` are names of other tasks."""

    name: str
    step: PlannedStep
    awaited: frozenset[str]
    prepares: bool = False


def tasks(plan: Plan) -> list[Task]:
    """The steps of a plan; a step that prepares gets two tasks, and the first of them waits for nothing."""
    found = []
    for step in plan.steps:
        key, awaited = step.change.key, _awaited(step, plan)
        if _prepares(step):
            before = f"{key}, prepared"
            found.append(Task(before, step, frozenset(), prepares=True))
            awaited.add(before)
        found.append(Task(key, step, frozenset(awaited)))
    return found


def _prepares(step: PlannedStep) -> bool:
    return isinstance(step.resource, Preparing) and step.change.action not in (Action.KEEP, Action.DELETE)


def _awaited(step: PlannedStep, plan: Plan) -> set[str]:
    """The keys that must be through first: dependencies; for a deletion, what is made and what is removed before."""
    others = [other for other in plan.steps if other is not step]
    deletions = [other for other in others if other.change.action is Action.DELETE]
    made = {other.change.key for other in others} - {other.change.key for other in deletions}
    if step.change.action is not Action.DELETE:
        return made & set(step.resource.depends_on)
    return made | {other.change.key for other in deletions if removed_before(other.resource, step.resource)}
