"""Where a user's things are, for accounts of every kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.user_folder import home_of


def test_the_home_is_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/of/the/machine")
    assert home_of() == Path("/of/the/machine")
    assert home_of({"HOME": "/named"}) == Path("/named")


def test_an_account_without_a_home_has_none_in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker run --user 1000` has no entry of its own; Python leaves `~` as it is then, a name below the project."""
    monkeypatch.setenv("HOME", "~")
    assert home_of({}) == Path("/nonexistent")
