"""Which cases of a test that has many are tried in every run, and which by `make test-all` alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def always(*kept: Any, of: Iterable[Any]) -> list[Any]:
    """Parameters for all `of` them, of which those that are not `kept` are long. A tuple has the values of one case."""
    cases = list(of)
    assert all(case in cases for case in kept), f"not among the cases: {kept}"
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=() if case in kept else pytest.mark.long)
        for case in cases
    ]
