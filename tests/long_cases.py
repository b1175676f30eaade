"""Which cases of a test that has many are tried in every run, and which by `make test-all` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

Case = type(pytest.param())


def always(*kept: Any, of: Iterable[Any] | Mapping[str, Any]) -> list[Any]:
    """Parameters for all `of` them, of which those that are not `kept` are long.

    A case is a value, a tuple of values, or a `pytest.param`, which is kept by its id, as is an item of a mapping.
    """
    cases = [_as_parameter(case) for case in _named(of)]
    known = [case.id if case.id is not None else case.values for case in cases]
    wanted = [each if each in known else _as_parameter(each).values for each in kept]
    assert all(each in known for each in wanted), f"not all are among the cases: {kept}"
    return [
        case if name in wanted else pytest.param(*case.values, id=case.id, marks=(*case.marks, pytest.mark.long))
        for case, name in zip(cases, known, strict=True)
    ]


def _named(cases: Iterable[Any] | Mapping[str, Any]) -> Iterable[Any]:
    if not isinstance(cases, Mapping):
        return cases
    return [pytest.param(*(case if isinstance(case, tuple) else (case,)), id=name) for name, case in cases.items()]


def _as_parameter(case: Any) -> Any:
    if isinstance(case, Case):
        return case
    return pytest.param(*(case if isinstance(case, tuple) else (case,)))
