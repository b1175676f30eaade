"""Work ahead of a step's dependencies, permissions that widen, and things that outlive what they were made from."""

from __future__ import annotations

import threading

import pytest

from agentcore_cli import events
from agentcore_cli.engine import PENDING, FieldChange, Outcome, Work, apply, plan_deploy, plan_destroy
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.events import Listener, Step
from tests.fakes.things import Heard, MemoryStore, Power, PreparedThing, Thing, Trace, World

SECONDS = 10


@pytest.fixture
def world() -> World:
    return World()


def deploy(things: list[Thing], store: MemoryStore, listener: Listener = events.ignore) -> Outcome:
    return apply(plan_deploy(things, store.journal()), store.journal(), listener)


def test_nothing_is_made_before_every_preparation_is_through(world: World) -> None:
    both = threading.Barrier(2, timeout=SECONDS)

    def meet(work: Work) -> None:
        both.wait()

    things = [
        Thing(world, "role"),
        PreparedThing(world, "image", {}, ("role",), ahead=meet),
        PreparedThing(world, "bundle", {}, (), ahead=meet),
    ]
    heard = Heard()
    outcome = deploy(things, MemoryStore(), heard)
    assert sorted(world.calls[:2]) == ["prepare bundle", "prepare image"]
    assert sorted(world.calls[2:]) == ["make bundle", "make image", "make role"]
    assert world.things["image"] == {"role": "id-of-role"}
    assert set(outcome.seconds) == {"role", "image", "bundle"}
    assert sorted(heard.steps("started")) == sorted(heard.steps("done")) == ["bundle", "image", "role"]


def test_what_is_kept_or_removed_is_not_prepared(world: World) -> None:
    store, thing = MemoryStore(), PreparedThing(world, "image")
    deploy([thing], store)
    deploy([thing], store)
    apply(plan_destroy([thing], store.journal()), store.journal(), events.ignore)
    assert world.calls == ["prepare image", "make image", "remove image"]


def test_what_is_adopted_is_prepared_only_where_it_differs(world: World) -> None:
    deploy([PreparedThing(world, "image", {"files": 1})], MemoryStore())
    deploy([PreparedThing(world, "image", {"files": 1})], MemoryStore())
    deploy([PreparedThing(world, "image", {"files": 2})], MemoryStore())
    assert world.calls == ["prepare image", "make image", "prepare image", "change image"]


def test_the_plan_s_wish_is_what_is_prepared(world: World) -> None:
    seen: list[object] = []
    image = PreparedThing(world, "image", {"files": 3}, ("repository",), ahead=lambda work: seen.append(work.desired))
    deploy([Thing(world, "repository"), image], MemoryStore())
    assert seen == [{"files": 3, "repository": PENDING}]


def test_a_preparation_that_fails_leaves_everything_as_it_was(world: World) -> None:
    def fail(work: Work) -> None:
        raise AgentcoreError("the build failed")

    heard = Heard()
    store, things = MemoryStore(), [Thing(world, "role"), PreparedThing(world, "image", {}, ("role",), ahead=fail)]
    with pytest.raises(AgentcoreError, match="the build failed"):
        deploy(things, store, heard)
    assert not world.things
    assert store.journal().recorded("role") is None
    assert heard.steps("failed") == ["image"]


def test_what_was_prepared_in_vain_is_told(world: World) -> None:
    def fail(work: Work) -> None:
        raise AgentcoreError("no repository")

    heard = Heard()
    image = PreparedThing(world, "image", {}, ("repository",))
    with pytest.raises(AgentcoreError, match="no repository"):
        deploy([Thing(world, "repository", before=fail), image], MemoryStore(), heard)
    assert heard.steps("failed") == ["repository", "image"]
    told = heard.events[-1]
    assert isinstance(told, Step)
    assert told.message == "not gone on with"


def test_wider_permissions_are_flagged_and_narrower_are_not(world: World) -> None:
    store = MemoryStore()
    deploy([Power(world, "role", {"rights": 2, "name": "a"})], store)
    (change,) = plan_deploy([Power(world, "role", {"rights": 3, "name": "b"})], store.journal()).pending
    assert change.widens
    assert change.fields == (FieldChange("name", "a", "b"), FieldChange("rights", 2, 3, widens=True))
    (change,) = plan_deploy([Power(world, "role", {"rights": 1, "name": "a"})], store.journal()).pending
    assert not change.widens


def test_a_new_thing_widens_nothing(world: World) -> None:
    (change,) = plan_deploy([Power(world, "role", {"rights": 3})], MemoryStore().journal()).pending
    assert not change.widens


def test_a_thing_outlives_what_it_was_made_from(world: World) -> None:
    store = MemoryStore()
    logs = Trace(world, "logs", {}, ("runtime",), outlives=("runtime",))
    things = [Thing(world, "role"), Thing(world, "runtime", {}, ("role",)), logs]
    deploy(things, store)
    plan = plan_destroy(things, store.journal())
    assert [change.key for change in plan.changes] == ["runtime", "logs", "role"] or [
        change.key for change in plan.changes
    ] == ["runtime", "role", "logs"]
    world.calls.clear()
    apply(plan, store.journal(), events.ignore)
    assert world.calls[0] == "remove runtime"
    assert not world.things


def test_an_unfinished_deploy_that_goes_on_is_not_asked_about_again(world: World) -> None:
    power = Power(world, "role", {"name": "b", "rights": 3})
    store = MemoryStore()
    deploy([Power(world, "role", {"name": "b", "rights": 2})], store)
    store.journal().intend("role", {"name": "b", "rights": 3}, "digest")
    (change,) = plan_deploy([power], store.journal()).pending
    assert change.fields == (FieldChange("rights", 2, 3, widens=True),)
    assert not change.widens
