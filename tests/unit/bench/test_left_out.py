"""What this machine lacks is left out of the figures, and the rest is measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from tests.bench import load
from tests.bench.__main__ import measured
from tests.bench.effort import QUICK
from tests.bench.figure import Figure, Missing
from tests.bench.stage import Stage

NOWHERE = cast(Stage, None)


def figure(name: str) -> Figure:
    return Figure(name, "1", "2", 1, "", "at most", 2)


def fine(*_: Any) -> Iterator[Figure]:
    yield figure("fine")


def lacking(*_: Any) -> Iterator[Figure]:
    raise Missing("it is not installed: apt-get install it")
    yield


def test_the_rest_is_measured() -> None:
    left_out: dict[str, str] = {}
    figures = measured({"one": fine, "two": lacking, "three": fine}, NOWHERE, QUICK, left_out)
    assert [figure.name for figure in figures] == ["fine", "fine"]
    assert left_out == {"two": "it is not installed: apt-get install it"}


def test_without_wrk_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Missing, match="wrk is not installed: apt-get install wrk"):
        next(load.measure(NOWHERE, QUICK))
