"""JSON that somebody else may have written, broken or hostile: a value, or one kind of error whatever it holds.

On the fast path of `invoke`: standard library only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

SIZE_MAX: Final = 16 * 1024 * 1024  # bytes; a hundred times what any of our files holds


def parse(data: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError for everything that is none, nested without end, or too large."""
    if len(data) > SIZE_MAX:
        raise ValueError(f"larger than {SIZE_MAX // 1024**2} MB")
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def value_or_text(text: str | bytes) -> Any:
    """The value of a JSON text of any size, or the text itself where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def read(path: Path) -> Any:
    """The value in a file of ours. Raises OSError, and ValueError as `parse` does."""
    with path.open("rb") as file:
        return parse(file.read(SIZE_MAX + 1))
