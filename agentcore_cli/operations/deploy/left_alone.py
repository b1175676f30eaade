"""What a destroy leaves, because another project's runtime needs it or because an earlier config made it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from agentcore_cli.contract import TAG_PROJECT
from agentcore_cli.engine import Action, Plan, PlannedStep, forgetting
from agentcore_cli.keys import IMAGE, LOG_GROUP, MEMORY, RESOURCE_POLICY, RUNTIME, SOURCE
from agentcore_cli.operations.deploy.plan import Workplace

_OF_A_RUNTIME: Final = frozenset({LOG_GROUP, RESOURCE_POLICY})  # found by its id, and without tags of their own
_FOUND_BY_ID: Final = frozenset({RUNTIME, MEMORY})  # so that they are gone when they are not found
_RUN_BY_A_LOCAL_ONE: Final = frozenset({SOURCE, IMAGE})


def with_what_stays(plan: Plan, place: Workplace, earlier: str | None) -> Plan:
    """The plan of a destroy that deletes nothing of a runtime that is left alone, and calls nothing gone unseen.

    `earlier` is what `earlier_project` gives. With another project id the names differ by which most things in AWS are
    looked for: what an earlier config made is not found then, and may well be there.
    """
    is_runtime_left = any(step.change.key == RUNTIME and step.change.action is Action.FORGET for step in plan.steps)
    of_it = (_RUN_BY_A_LOCAL_ONE if place.selected.is_local else _OF_A_RUNTIME) if is_runtime_left else frozenset()

    def settled(step: PlannedStep) -> PlannedStep:
        if step.change.key in of_it and step.found:
            return forgetting(step.resource, step.found, "left alone: the runtime that stays has it", step.change.name)
        if earlier and not step.found and not place.selected.is_local and step.change.key not in _FOUND_BY_ID:
            reason = f"left alone, and not looked for: it was made for project {earlier}"
            return forgetting(step.resource, None, reason, _recorded_name(step, place))
        return step

    return replace(plan, steps=tuple(settled(step) for step in plan.steps))


def earlier_project(plan: Plan, place: Workplace) -> str | None:
    """The project that the records were written for, where that is not the config's."""
    records = map(place.journal.recorded, {MEMORY, *(step.change.key for step in plan.steps)})
    projects = {record.facts.get("tags", {}).get(TAG_PROJECT) for record in records if record}
    return next(iter(projects - {None, place.selected.loaded.config.project}), None)


def _recorded_name(step: PlannedStep, place: Workplace) -> str:
    record = place.journal.recorded(step.change.key)
    outputs = record.outputs if record else {}
    return str(outputs.get("arn") or outputs.get("name") or "")
