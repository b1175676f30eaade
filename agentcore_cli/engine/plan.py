"""Desired, recorded and read state -> what to do. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from graphlib import TopologicalSorter

from agentcore_cli.engine.difference import PENDING, Facts, FieldChange, conceal, differences
from agentcore_cli.engine.journal import Journal, JournalRecord
from agentcore_cli.engine.resource import Desired, Found, Outliving, Replacing, Resource, Widening


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    ADOPT = "adopt"
    KEEP = "keep"
    DELETE = "delete"
    FORGET = "forget"

    @property
    def ends(self) -> bool:
        """Whether the record goes, with the thing or without it."""
        return self in (Action.DELETE, Action.FORGET)


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one resource, for people and scripts. Secrets are blanked already.

    `name` is what it is found by, "" while it is not there. `widens`: one of the fields gives wider permissions.
    """

    key: str
    action: Action
    reason: str
    fields: tuple[FieldChange, ...] = ()
    name: str = ""
    widens: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A change with what it takes to make it; not for showing. `desired` may have `PENDING` in it."""

    change: Change
    resource: Resource
    found: Found | None = None
    desired: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps in an order in which they could run one by one."""

    steps: tuple[PlannedStep, ...]

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(step.change for step in self.steps)

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that are any; empty when there is nothing to do."""
        return tuple(change for change in self.changes if change.action is not Action.KEEP)


class Promised(dict[str, object]):
    """The outputs of a resource that is not made yet; what it has not promised is PENDING."""

    def __missing__(self, name: str) -> str:
        return PENDING


def plan_deploy(resources: Sequence[Resource], journal: Journal, *, believed: Collection[str] = ()) -> Plan:
    """What makes every resource what it should be. Raises what resources raise, and the refusal of a foreign one.

    Of the resources with `believed` keys only those are read that the records don't show as they should be.
    """
    recorded = {resource.key: journal.recorded(resource.key) for resource in resources}
    unread = {key for key in believed if (record := recorded.get(key)) and record.outputs and not record.token}
    found = _read_all([resource for resource in resources if resource.key not in unread], recorded)
    outputs: dict[str, Facts] = {}
    steps = []
    for resource in in_order(resources):
        record = recorded[resource.key]
        if resource.key in unread:
            found[resource.key] = _as_recorded(resource, record, outputs) or resource.read(record)
        step, promised = _plan_one(resource, found[resource.key], record, outputs)
        outputs[resource.key] = promised
        if step:
            steps.append(step)
    deletions = _in_order_of_removal([step for step in steps if step.change.action.ends])
    return Plan((*(step for step in steps if not step.change.action.ends), *deletions))


def plan_destroy(resources: Sequence[Resource], journal: Journal) -> Plan:
    """What removes every resource that is ours. Of a foreign one that is recorded the record goes, and it stays."""
    recorded = {resource.key: journal.recorded(resource.key) for resource in resources}
    found = _read_all(resources, recorded)
    steps = (_deletion(r, found[r.key], recorded[r.key], "ours") for r in in_order(resources))
    return Plan(tuple(_in_order_of_removal([step for step in steps if step])))


def in_order(resources: Iterable[Resource]) -> list[Resource]:
    """Dependencies first; the given order otherwise. Dependencies on keys that are not there are ignored."""
    by_key = {resource.key: resource for resource in resources}
    graph = {key: [d for d in resource.depends_on if d in by_key] for key, resource in by_key.items()}
    return [by_key[key] for key in TopologicalSorter(graph).static_order()]


def compare(resource: Resource, found: Found, desired: Desired) -> tuple[FieldChange, ...]:
    fields = differences(found.facts, desired.facts, resource.sensitive)
    if not isinstance(resource, Widening):
        return fields
    return tuple(replace(field, widens=True) if resource.widens(field) else field for field in fields)


def removed_before(resource: Resource, other: Resource) -> bool:
    """Whether `resource` must be gone before `other` is removed: it was made from it, unless it outlives it."""
    if isinstance(other, Outliving) and resource.key in other.outlives:
        return True
    outlives = resource.outlives if isinstance(resource, Outliving) else ()
    return other.key in resource.depends_on and other.key not in outlives


def _in_order_of_removal(steps: Sequence[PlannedStep]) -> list[PlannedStep]:
    by_key = {step.change.key: step for step in reversed(steps)}
    graph = {
        key: [other.change.key for other in by_key.values() if removed_before(other.resource, step.resource)]
        for key, step in by_key.items()
    }
    return [by_key[key] for key in TopologicalSorter(graph).static_order()]


def _as_recorded(resource: Resource, record: JournalRecord | None, outputs: Mapping[str, Facts]) -> Found | None:
    """What the record says is there, if that is what is wanted. Secrets are compared by their digests."""
    assert record, "a resource without a record is read"
    there = Found(record.facts, record.outputs)
    desired = resource.desired(outputs, there)
    if desired is None or conceal(desired.facts, resource.sensitive) != record.facts:
        return None
    return Found(desired.facts, record.outputs)


def _read_all(resources: Sequence[Resource], recorded: Mapping[str, JournalRecord | None]) -> dict[str, Found | None]:
    with ThreadPoolExecutor(max(len(resources), 1)) as threads:
        reading = {resource.key: threads.submit(resource.read, recorded[resource.key]) for resource in resources}
        return {key: future.result() for key, future in reading.items()}


def _plan_one(
    resource: Resource, found: Found | None, recorded: JournalRecord | None, outputs: Mapping[str, Facts]
) -> tuple[PlannedStep | None, Facts]:
    desired = resource.desired(outputs, found)
    if desired is None:
        return _deletion(resource, found, recorded, "no longer in the configuration"), {}
    if found and found.refusal:
        raise found.refusal
    change = _change(resource, desired, found, recorded)
    promised = dict(found.outputs) if found and change.action is Action.KEEP else Promised(desired.promises)
    return PlannedStep(change, resource, found, desired.facts), promised


def _deletion(
    resource: Resource, found: Found | None, recorded: JournalRecord | None, reason: str
) -> PlannedStep | None:
    if found and found.supplied:
        reason = "supplied, so it stays: only our record of it goes"
        return forgetting(resource, found, reason, found.name) if recorded else None
    if found and not found.refusal:
        return PlannedStep(Change(resource.key, Action.DELETE, reason, name=found.name), resource, found)
    if not recorded:
        return None
    if found and found.refusal:
        return forgetting(resource, found, f"left alone: {found.refusal}", found.name)
    return PlannedStep(Change(resource.key, Action.DELETE, "gone already"), resource)


def forgetting(resource: Resource, found: Found | None, reason: str, name: str) -> PlannedStep:
    """Of what stays, the record goes; `reason` says why it stays, and `name` what it is found by."""
    return PlannedStep(Change(resource.key, Action.FORGET, reason, name=name), resource, found)


def _change(resource: Resource, desired: Desired, found: Found | None, recorded: JournalRecord | None) -> Change:
    if found is None:
        fresh = recorded is None or not recorded.outputs
        return Change(resource.key, Action.CREATE, "not there yet" if fresh else "deleted behind our back")
    if found.supplied:
        return Change(resource.key, Action.KEEP, "supplied, and used as it is", (), found.name)
    fields = compare(resource, found, desired)
    is_replaced = isinstance(resource, Replacing) and any(resource.replaces(field) for field in fields)
    if recorded is None:
        action = Action.REPLACE if is_replaced else Action.ADOPT
        reason = "ours by its tags, but not in our records"
        return Change(resource.key, action, reason, fields, found.name, _widen(fields))
    if not fields:
        return Change(resource.key, Action.KEEP, "as it should be", (), found.name)
    action = Action.REPLACE if is_replaced else Action.UPDATE
    widens = _widen(fields) and not _agreed(resource, desired, recorded)
    return Change(resource.key, action, _reason(resource, desired, found, recorded), fields, found.name, widens)


def _widen(fields: Iterable[FieldChange]) -> bool:
    return any(field.widens for field in fields)


def _agreed(resource: Resource, desired: Desired, recorded: JournalRecord) -> bool:
    """Whether the same was under way already: an unfinished deploy that goes on gives nothing new."""
    return recorded.token is not None and conceal(desired.facts, resource.sensitive) == recorded.facts


def _reason(resource: Resource, desired: Desired, found: Found, recorded: JournalRecord) -> str:
    if recorded.token:
        return "an earlier deploy did not finish"
    if found.reason:
        return found.reason
    if conceal(desired.facts, resource.sensitive) == recorded.facts:
        return "changed behind our back"
    return "changed here since the last deploy"
