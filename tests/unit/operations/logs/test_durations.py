from __future__ import annotations

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.operations.logs.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90), ("30s", 30), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1.5h", 5400)]
)
def test_spans_are_understood(text: str, expected: float) -> None:
    assert seconds(text, option="--since") == expected


@pytest.mark.parametrize("text", ["", "soon", "10 m", "-5m", "10x", "m"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="--since"):
        seconds(text, option="--since")
