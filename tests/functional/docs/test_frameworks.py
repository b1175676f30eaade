"""The frameworks, servers and protocols of docs/projects.md: each runs as it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.docs.kitchen import OTHERS, Kitchen
from tests.functional.docs.page import Recipe

# Their packages take their time to be installed and imported. Strands is tried by the journeys, too.
LARGE = {
    "Strands",
    "LangGraph",
    "PydanticAI",
    "OpenAI Agents SDK",
    "AutoGen",
    "CrewAI",
    "LlamaIndex",
    "Google ADK",
    "Claude Agent SDK",
    "FastMCP",
    "A2A",
}
# What the other tests of every run try too, by agents of their own.
TRIED_ELSEWHERE = {
    *("Django", "FastAPI", "Flask", "MCP", "Streaming", "WebSocket"),
    "gunicorn, or any program that serves",
}

_AS_LARGE = (pytest.mark.long, pytest.mark.timeout(600))  # hundreds of MB, on a machine that does other things, too


def _marks(title: str) -> tuple[pytest.MarkDecorator, ...]:
    if title in LARGE:
        return _AS_LARGE
    return (pytest.mark.long,) if title in TRIED_ELSEWHERE else ()


@pytest.mark.parametrize("recipe", [pytest.param(each, marks=_marks(each.title), id=each.title) for each in OTHERS])
def test_a_recipe_runs(recipe: Recipe, reader: Kitchen, tmp_path: Path) -> None:
    reader.cook(recipe, tmp_path)


def test_what_is_long_is_there() -> None:
    assert {recipe.title for recipe in OTHERS} >= LARGE | TRIED_ELSEWHERE
