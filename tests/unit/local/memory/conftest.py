from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.local_memory import LocalMemory


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[LocalMemory]:
    local = LocalMemory(tmp_path)
    yield local
    local.close()


@pytest.fixture
def notes(memory: LocalMemory) -> str:
    """A memory that is ACTIVE, by id."""
    return memory.create()
