from __future__ import annotations

from typing import Any

import pytest

from tests.long_cases import always


def told(cases: list[Any]) -> list[tuple[Any, str | None, bool]]:
    return [(case.values, case.id, pytest.mark.long.mark in [mark.mark for mark in case.marks]) for case in cases]


def test_values_tuples_names_and_parameters() -> None:
    assert told(always("a", of=["a", "b"])) == [(("a",), None, False), (("b",), None, True)]
    assert told(always(("a", 1), of=[("a", 1), ("a", 2)])) == [(("a", 1), None, False), (("a", 2), None, True)]
    assert told(always("one", of={"one": [1], "two": [2]})) == [(([1],), "one", False), (([2],), "two", True)]
    assert told(always("y", of=[pytest.param(1, 2, id="x"), pytest.param(3, 4, id="y")])) == [
        ((1, 2), "x", True),
        ((3, 4), "y", False),
    ]


def test_a_case_that_is_not_there_is_told() -> None:
    with pytest.raises(AssertionError, match="not all are among the cases"):
        always("c", of=["a", "b"])
