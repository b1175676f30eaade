from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.control import LocalControl


@pytest.fixture
def control(tmp_path: Path) -> Iterator[LocalControl]:
    with asyncio.Runner() as runner:
        local = LocalControl(tmp_path, runner)
        yield local
        local.close()
