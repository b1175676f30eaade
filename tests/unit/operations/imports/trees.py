"""Nested mappings with something taken away."""

from __future__ import annotations

import copy
from typing import Any


def without(tree: Any, path: tuple[str, ...]) -> Any:
    """A copy of `tree` in which nothing is at `path`."""
    smaller = copy.deepcopy(tree)
    inner = smaller
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return smaller
