"""The layouts of docs/projects.md: each runs as it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.docs.kitchen import LAYOUTS, Kitchen
from tests.functional.docs.page import Recipe


@pytest.mark.parametrize("recipe", LAYOUTS, ids=lambda recipe: recipe.title)
def test_a_layout_runs(recipe: Recipe, reader: Kitchen, tmp_path: Path) -> None:
    reader.cook(recipe, tmp_path)
