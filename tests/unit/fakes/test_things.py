"""The world of things keeps the promises that the engine's tests lean on."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from agentcore_cli.events import Note, Step
from tests.fakes.things import Heard, Killed, MemoryStore, World
from tests.fakes.wheel import make_wheel


def test_the_same_token_makes_nothing_twice() -> None:
    world = World()
    world.make("a", {"size": 1}, "token")
    world.make("a", {"size": 2}, "token")
    assert world.things == {"a": {"size": 1}}
    with pytest.raises(AssertionError, match="made twice"):
        world.make("a", {}, "another")


def test_a_store_dies_after_the_write_and_keeps_it() -> None:
    store = MemoryStore(dies_after=2)
    store.put("a", {"n": 1})
    with pytest.raises(Killed):
        store.put("b", {"n": 2})
    assert store.records == {"a": {"n": 1}, "b": {"n": 2}}
    store.drop("a")
    assert store.get("a") is None


def test_a_listener_tells_steps_by_status() -> None:
    heard = Heard()
    for event in (Step("a", "started"), Note("x"), Step("a", "done"), Step("b", "done")):
        heard(event)
    assert heard.steps("done") == ["a", "b"]


def test_a_wheel_holds_its_module(tmp_path: Path) -> None:
    with zipfile.ZipFile(make_wheel(tmp_path, "demo", "x = 1\n")) as wheel:
        assert wheel.read("demo.py") == b"x = 1\n"
        assert "demo-1.0.dist-info/METADATA" in wheel.namelist()
