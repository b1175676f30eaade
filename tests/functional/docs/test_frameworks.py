"""The frameworks, servers and protocols of docs/projects.md: each runs as it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.docs.kitchen import OTHERS, Kitchen
from tests.functional.docs.page import Recipe

# Their packages weigh more than 100 MB, or start slowly.
LARGE = {"CrewAI", "LlamaIndex", "Google ADK", "Claude Agent SDK"}


@pytest.mark.parametrize(
    "recipe",
    [pytest.param(each, marks=pytest.mark.long if each.title in LARGE else (), id=each.title) for each in OTHERS],
)
def test_a_recipe_runs(recipe: Recipe, reader: Kitchen, tmp_path: Path) -> None:
    reader.cook(recipe, tmp_path)


def test_what_is_large_is_there() -> None:
    assert {recipe.title for recipe in OTHERS} >= LARGE
