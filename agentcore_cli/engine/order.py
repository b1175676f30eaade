"""What waits for what while a plan is carried out."""

from __future__ import annotations

from dataclasses import dataclass

from agentcore_cli.engine.plan import Action, Plan, PlannedStep, removed_before
from agentcore_cli.engine.resource import Preparing


@dataclass(frozen=True, slots=True)
class Task:
    """A step, or the half of one that changes nothing yet (`prepares`). `awaited` are names of other tasks."""

    name: str
    step: PlannedStep
    awaited: frozenset[str]
    prepares: bool = False


def tasks(plan: Plan) -> list[Task]:
    """The steps of a plan. Those that prepare get two tasks; nothing is made before every preparation has succeeded."""
    ahead = [
        Task(f"{step.change.key}, prepared", step, frozenset(), prepares=True) for step in plan.steps if _prepares(step)
    ]
    prepared = {task.name for task in ahead}
    return [*ahead, *(Task(step.change.key, step, frozenset(_awaited(step, plan) | prepared)) for step in plan.steps)]


def _prepares(step: PlannedStep) -> bool:
    """Whether there is work ahead of it: what is adopted as it is has none."""
    is_made = step.change.action is Action.CREATE or bool(step.change.fields)
    return is_made and isinstance(step.resource, Preparing)


def _awaited(step: PlannedStep, plan: Plan) -> set[str]:
    """The keys that must be through first: dependencies; for a deletion, what is made and what is removed before."""
    others = [other for other in plan.steps if other is not step]
    deletions = [other for other in others if other.change.action.ends]
    made = {other.change.key for other in others} - {other.change.key for other in deletions}
    if not step.change.action.ends:
        return made & set(step.resource.depends_on)
    return made | {other.change.key for other in deletions if removed_before(other.resource, step.resource)}
