"""Desired, recorded and read state -> what would be done."""

from __future__ import annotations

import pytest

from agentcore_cli import events
from agentcore_cli.engine import PENDING, Action, Change, FieldChange, apply, plan_deploy, plan_destroy
from agentcore_cli.errors import ConflictError
from tests.fakes.things import MemoryStore, Thing, World


@pytest.fixture
def world() -> World:
    return World()


def deployed(*things: Thing) -> MemoryStore:
    store = MemoryStore()
    apply(plan_deploy(things, store.journal()), store.journal(), events.ignore)
    return store


def only_change(*things: Thing, store: MemoryStore) -> Change:
    (change,) = plan_deploy(things, store.journal()).pending
    return change


def test_what_is_not_there_is_created(world: World) -> None:
    change = only_change(Thing(world, "a"), store=MemoryStore())
    assert (change.action, change.reason) == (Action.CREATE, "not there yet")


def test_what_is_as_it_should_be_is_kept(world: World) -> None:
    thing = Thing(world, "a", {"size": 1})
    plan = plan_deploy([thing], deployed(thing).journal())
    assert [change.action for change in plan.changes] == [Action.KEEP]
    assert plan.pending == ()


def test_a_change_of_the_config_is_an_update_of_that_field(world: World) -> None:
    store = deployed(Thing(world, "a", {"size": 1, "name": "x"}))
    change = only_change(Thing(world, "a", {"size": 2, "name": "x"}), store=store)
    assert change.action is Action.UPDATE
    assert change.fields == (FieldChange("size", 1, 2),)
    assert change.reason == "changed here since the last deploy"


def test_a_change_by_somebody_else_is_named_as_such(world: World) -> None:
    thing = Thing(world, "a", {"size": 1})
    store = deployed(thing)
    world.things["a"]["size"] = 5
    change = only_change(thing, store=store)
    assert change.fields == (FieldChange("size", 5, 1),)
    assert change.reason == "changed behind our back"


def test_a_field_that_cannot_change_in_place_is_a_replacement(world: World) -> None:
    store = deployed(Thing(world, "a", {"zone": 1}))
    changed = Thing(world, "a", {"zone": 2}, immutable=frozenset({"zone"}))
    assert only_change(changed, store=store).action is Action.REPLACE


def test_what_was_deleted_elsewhere_is_made_anew(world: World) -> None:
    thing = Thing(world, "a")
    store = deployed(thing)
    world.things.clear()
    change = only_change(thing, store=store)
    assert (change.action, change.reason) == (Action.CREATE, "deleted behind our back")


def test_ours_without_a_record_is_adopted_with_what_differs(world: World) -> None:
    world.things["a"] = {"size": 1}
    change = only_change(Thing(world, "a", {"size": 2}), store=MemoryStore())
    assert change.action is Action.ADOPT
    assert change.fields == (FieldChange("size", 1, 2),)
    assert change.name == "thing/a"


def test_ours_without_a_record_that_cannot_become_what_is_wanted_is_replaced(world: World) -> None:
    deployed(Thing(world, "a", {"zone": 1}))
    thing = Thing(world, "a", {"zone": 2}, immutable=frozenset({"zone"}))
    store = MemoryStore()
    change = only_change(thing, store=store)
    assert (change.action, change.reason) == (Action.REPLACE, "ours by its tags, but not in our records")
    apply(plan_deploy([thing], store.journal()), store.journal(), events.ignore)
    assert (world.things["a"], world.calls[-2:]) == ({"zone": 2}, ["remove a", "make a"])


def test_a_foreign_thing_of_our_name_refuses_the_plan(world: World) -> None:
    world.things["a"] = {}
    with pytest.raises(ConflictError, match="not ours"):
        plan_deploy([Thing(world, "a", foreign=True)], MemoryStore().journal())


def test_what_is_no_longer_wanted_is_deleted_after_everything_else(world: World) -> None:
    old, user = Thing(world, "old"), Thing(world, "user", depends_on=("old",))
    store = deployed(old, user)
    plan = plan_deploy([Thing(world, "old", wanted=False), Thing(world, "user")], store.journal())
    assert [(change.key, change.action) for change in plan.changes] == [("user", Action.UPDATE), ("old", Action.DELETE)]


def test_what_depends_on_something_unmade_shows_a_pending_value(world: World) -> None:
    plan = plan_deploy([Thing(world, "b", depends_on=("a",)), Thing(world, "a")], MemoryStore().journal())
    assert [change.key for change in plan.changes] == ["a", "b"]
    world.things["b"] = {"a": "id-of-a"}
    change = plan_deploy([Thing(world, "b", depends_on=("a",)), Thing(world, "a")], MemoryStore().journal()).pending[1]
    assert change.fields == (FieldChange("a", "id-of-a", PENDING),)


def test_secrets_are_in_no_plan(world: World) -> None:
    store = deployed(Thing(world, "a", {"env": {"KEY": "tea"}}, sensitive=frozenset({"env"})))
    plan = plan_deploy([Thing(world, "a", {"env": {"KEY": "milk"}}, sensitive=frozenset({"env"}))], store.journal())
    assert "env.KEY" in repr(plan.changes)
    assert "milk" not in repr(plan.changes)
    assert "tea" not in repr(plan.changes) + repr(store.records)


def test_planning_changes_nothing(world: World) -> None:
    store = MemoryStore()
    plan_deploy([Thing(world, "a"), Thing(world, "b", depends_on=("a",))], store.journal())
    assert (world.calls, store.writes) == ([], 0)


def test_destroy_takes_what_is_ours_in_reverse_and_leaves_the_rest(world: World) -> None:
    store = deployed(Thing(world, "a"), Thing(world, "b", depends_on=("a",)))
    world.things["c"] = {}
    things = [Thing(world, "a"), Thing(world, "b", depends_on=("a",)), Thing(world, "c", foreign=True)]
    plan = plan_destroy(things, store.journal())
    assert [(change.key, change.reason) for change in plan.changes] == [("b", "ours"), ("a", "ours")]


def test_destroy_forgets_what_is_gone_already(world: World) -> None:
    store = deployed(Thing(world, "a"))
    world.things.clear()
    plan = plan_destroy([Thing(world, "a")], store.journal())
    assert [change.reason for change in plan.changes] == ["gone already"]
    apply(plan, store.journal(), events.ignore)
    assert store.records == {}


def test_destroy_forgets_what_is_recorded_and_somebody_else_s_and_leaves_it(world: World) -> None:
    store = deployed(Thing(world, "a"), Thing(world, "b", depends_on=("a",)))
    plan = plan_destroy([Thing(world, "a", foreign=True), Thing(world, "b", supplied=True)], store.journal())
    assert [(change.key, change.action, change.name, change.reason) for change in plan.changes] == [
        ("b", Action.FORGET, "thing/b", "supplied, so it stays: only our record of it goes"),
        ("a", Action.FORGET, "thing/a", "left alone: a is not ours"),
    ]
    apply(plan, store.journal(), events.ignore)
    assert (store.records, list(world.things)) == ({}, ["a", "b"])


def test_what_is_no_longer_wanted_and_somebody_else_s_is_forgotten_last(world: World) -> None:
    store = deployed(Thing(world, "a"), Thing(world, "user", depends_on=("a",)))
    plan = plan_deploy([Thing(world, "a", wanted=False, foreign=True), Thing(world, "user")], store.journal())
    assert [(change.key, change.action) for change in plan.changes] == [("user", Action.UPDATE), ("a", Action.FORGET)]
    apply(plan, store.journal(), events.ignore)
    assert (list(store.records), "a" in world.things) == (["user"], True)


def test_what_is_given_is_kept_as_it_is_and_neither_recorded_nor_deleted(world: World) -> None:
    world.things["a"] = {"size": 5}
    given, user = Thing(world, "a", {"size": 1}, supplied=True), Thing(world, "b", depends_on=("a",))
    store = MemoryStore()
    plan = plan_deploy([given, user], store.journal())
    assert [(c.key, c.action, c.fields) for c in plan.changes] == [("a", Action.KEEP, ()), ("b", Action.CREATE, ())]
    outcome = apply(plan, store.journal(), events.ignore)
    assert outcome.outputs["a"] == {"id": "id-of-a"}
    assert list(store.records) == ["b"]
    assert [change.key for change in plan_destroy([given, user], store.journal()).changes] == ["b"]
    assert world.things["a"] == {"size": 5}
