"""A figure knows whether its mark is met, and a table of figures lines up."""

from __future__ import annotations

import pytest

from tests.bench.figure import Direction, Figure, table


def figure(value: float, direction: Direction, mark: float) -> Figure:
    return Figure("invoke", "100.0 ms", "boto3 400.0 ms", value, "x", direction, mark)


@pytest.mark.parametrize(
    ("value", "direction", "met"),
    [
        pytest.param(0.39, "at most", True, id="below"),
        pytest.param(0.4, "at most", True, id="on the mark"),
        pytest.param(0.41, "at most", False, id="above"),
        pytest.param(0.41, "at least", True, id="more than asked"),
        pytest.param(0.39, "at least", False, id="less than asked"),
    ],
)
def test_met(value: float, direction: Direction, met: bool) -> None:
    assert figure(value, direction, 0.4).met is met


def test_table_has_a_line_for_each_figure() -> None:
    lines = table([figure(0.25, "at most", 0.4), figure(0.5, "at most", 0.4)]).splitlines()

    assert lines[2] == "invoke  100.0 ms  boto3 400.0 ms  0.25 x  at most 0.4  yes"
    assert lines[3].endswith("NO")


def test_json_carries_the_verdict() -> None:
    assert figure(0.5, "at most", 0.4).as_json()["met"] is False
