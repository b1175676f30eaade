"""The layouts of docs/projects.md: each runs as it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.docs.kitchen import LAYOUTS, Kitchen
from tests.functional.docs.page import Recipe

# Each start and each kind of requirements is tried by quicker tests, too: test_starts.py and tests of the builders.
IN_EVERY_RUN = {"A package that runs as a module"}


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(each, marks=() if each.title in IN_EVERY_RUN else pytest.mark.long, id=each.title)
        for each in LAYOUTS
    ],
)
def test_a_layout_runs(recipe: Recipe, reader: Kitchen, tmp_path: Path) -> None:
    reader.cook(recipe, tmp_path)
