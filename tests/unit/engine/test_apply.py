"""Plans carried out: order, parallel steps, the journal, and what is left after a failure."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence

import pytest

from agentcore_cli import events
from agentcore_cli.engine import Outcome, Work, apply, plan_deploy, plan_destroy
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.events import Note
from tests.fakes.things import Heard, Killed, MemoryStore, Thing, World

SECONDS = 10


@pytest.fixture
def world() -> World:
    return World()


def deploy(things: Sequence[Thing], store: MemoryStore, listener: events.Listener = events.ignore) -> Outcome:
    journal = store.journal()
    return apply(plan_deploy(things, journal), journal, listener)


def a_chain(world: World) -> list[Thing]:
    return [
        Thing(world, "role"),
        Thing(world, "image"),
        Thing(world, "runtime", {"size": 1}, depends_on=("role", "image")),
    ]


def test_dependencies_come_first_and_hand_on_what_they_became(world: World) -> None:
    heard = Heard()
    outcome = deploy(a_chain(world), MemoryStore(), heard)
    assert world.calls[-1] == "make runtime"
    assert world.things["runtime"] == {"size": 1, "role": "id-of-role", "image": "id-of-image"}
    assert outcome.outputs["runtime"] == {"id": "id-of-runtime"}
    assert set(outcome.seconds) == {"role", "image", "runtime"}
    assert sorted(heard.steps("done")) == ["image", "role", "runtime"]


def test_independent_steps_run_at_the_same_time(world: World) -> None:
    both = threading.Barrier(2, timeout=SECONDS)
    things = [Thing(world, name, before=lambda work: both.wait() and None) for name in ("a", "b")]
    deploy(things, MemoryStore())
    assert world.things.keys() == {"a", "b"}


def test_nothing_to_do_makes_no_call_and_writes_nothing(world: World) -> None:
    store, heard = MemoryStore(), Heard()
    deploy(a_chain(world), store)
    calls, writes = list(world.calls), store.writes
    outcome = deploy(a_chain(world), store, heard)
    assert (world.calls, store.writes) == (calls, writes)
    assert outcome.seconds == {}
    assert heard.steps("skipped") == ["role", "image", "runtime"]


def test_a_failed_step_leaves_the_others_recorded_and_the_next_deploy_goes_on(world: World) -> None:
    def fail(work: Work) -> None:
        raise AgentcoreError("the image can't be built")

    store, heard = MemoryStore(), Heard()
    things = a_chain(world)
    things[1].before = fail
    with pytest.raises(AgentcoreError, match="can't be built"):
        deploy(things, store, heard)
    assert "runtime" not in world.things
    assert heard.steps("failed") == ["image"]
    deploy(a_chain(world), store)
    assert world.calls == ["make role", "make image", "make runtime"]


@pytest.mark.parametrize("write", range(1, 7))
def test_a_deploy_that_dies_after_any_write_is_completed_by_the_next(world: World, write: int) -> None:
    store = MemoryStore(dies_after=write)
    with pytest.raises(Killed):
        deploy(a_chain(world), store)
    survivor = MemoryStore()
    survivor.records = store.records
    deploy(a_chain(world), survivor)
    assert world.things.keys() == {"role", "image", "runtime"}
    assert plan_deploy(a_chain(world), survivor.journal()).pending == ()
    assert all("token" not in record for record in survivor.records.values())


def test_a_deploy_that_dies_between_the_call_and_the_record_makes_nothing_twice(world: World) -> None:
    def die(work: Work) -> None:
        raise Killed

    store = MemoryStore()
    with pytest.raises(Killed):
        deploy([Thing(world, "a", after=die)], store)
    assert "token" in store.records["a"]
    deploy([Thing(world, "a")], store)
    assert world.calls == ["make a"]


def test_a_call_that_may_be_on_its_way_is_made_again_with_its_token(world: World) -> None:
    tokens = []

    def die(work: Work) -> None:
        tokens.append(work.token)
        raise Killed

    store = MemoryStore()
    for facts in ({"size": 1}, {"size": 1}, {"size": 2}):
        with pytest.raises(Killed):
            deploy([Thing(world, "a", facts, before=die)], store)
    assert tokens[0] == tokens[1] != tokens[2]


def test_a_thing_known_to_have_been_made_is_never_answered_for_by_its_old_token(world: World) -> None:
    tokens = []

    def fail_after_saving(work: Work) -> None:
        tokens.append(work.token)
        work.save({"id": "broken"})
        raise AgentcoreError("CREATE_FAILED")

    store = MemoryStore()
    for _ in range(2):
        with pytest.raises(AgentcoreError):
            deploy([Thing(world, "a", before=fail_after_saving)], store)
    assert tokens[0] != tokens[1]


def test_a_replacement_is_removed_and_made(world: World) -> None:
    store = MemoryStore()
    deploy([Thing(world, "a", {"zone": 1})], store)
    deploy([Thing(world, "a", {"zone": 2}, immutable=frozenset({"zone"}))], store)
    assert world.calls == ["make a", "remove a", "make a"]
    assert world.things == {"a": {"zone": 2}}


def test_destroy_removes_in_reverse_and_forgets(world: World) -> None:
    store = MemoryStore()
    deploy(a_chain(world), store)
    apply(plan_destroy(a_chain(world), store.journal()), store.journal(), events.ignore)
    assert world.calls[3] == "remove runtime"
    assert (world.things, store.records) == ({}, {})


def test_destroy_reads_again_and_does_not_call_gone_what_is_there(world: World) -> None:
    store = MemoryStore()
    deploy([Thing(world, "a")], store)
    journal = store.journal()
    with pytest.raises(AgentcoreError, match="still there"):
        apply(plan_destroy([Thing(world, "a", stays=True)], journal), journal, events.ignore)


def test_ctrl_c_stops_what_waits_and_says_what_exists(world: World) -> None:
    def wait_for_ctrl_c(work: Work) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        work.pause(SECONDS)

    store, heard = MemoryStore(), Heard()
    things = [Thing(world, "a"), Thing(world, "b", depends_on=("a",), before=wait_for_ctrl_c)]
    with pytest.raises(KeyboardInterrupt):
        deploy(things, store, heard)
    assert heard.steps("failed") == ["b"]
    (note,) = [event for event in heard.events if isinstance(event, Note)]
    assert note.message == "there by now: a"
    deploy([Thing(world, "a"), Thing(world, "b", depends_on=("a",))], store)
    assert world.calls == ["make a", "make b"]


def test_work_that_cannot_pause_sees_that_it_should_stop(world: World) -> None:
    seen = []

    def look(work: Work) -> None:
        seen.append(work.stopping())
        while not work.stopping():
            pass
        seen.append(True)

    def fail(work: Work) -> None:
        raise AgentcoreError("no")

    with pytest.raises(AgentcoreError, match="no"):
        deploy([Thing(world, "a", before=look), Thing(world, "b", before=fail)], MemoryStore())
    assert seen[-1] is True
