"""What is removed from the shared folders, and when nothing is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agentcore_cli.builders.bundles.store import BundleStore


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    store = BundleStore(tmp_path / "artifacts", tmp_path / "environments")
    for folder in (store.artifacts, store.environments):
        folder.mkdir()
    for digest, environment in (("a", "one"), ("b", "two"), ("c", "two")):
        (store.environments / environment).mkdir(exist_ok=True)
        (store.artifacts / f"{digest}.zip").touch()
        sidecar = {"environment": str(store.environments / environment)}
        (store.artifacts / f"{digest}.json").write_text(json.dumps(sidecar))
    (store.environments / ".partial-1-x").mkdir()
    return store


def left(store: BundleStore) -> tuple[set[str], set[str]]:
    return {path.stem for path in store.artifacts.glob("*.zip")}, {
        path.name for path in store.environments.glob("[!.]*")
    }


def test_bundles_that_nobody_uses_are_removed_and_environments_stay_for_others(store: BundleStore) -> None:
    store.sweep({"b"})
    assert left(store) == ({"b"}, {"one", "two"})
    assert {path.name for path in store.artifacts.glob("*.json")} == {"b.json"}


def test_nothing_is_removed_while_somebody_builds(store: BundleStore) -> None:
    with store.in_use(), store.in_use():
        store.sweep(set())
    assert left(store)[0] == {"a", "b", "c"}
    store.sweep(set())
    assert left(store)[0] == set()
