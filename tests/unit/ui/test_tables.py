from __future__ import annotations

import pytest

from agentcore_cli.ui.tables import size


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 kB"), (1536, "1.5 kB"), (3 * 1024**2, "3.0 MB")]
)
def test_bytes_in_words(count: int, shown: str) -> None:
    assert size(count) == shown
