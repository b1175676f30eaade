"""The stage that a test asks for: opened before it, in the event loop in which it runs, and closed after it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox.isolation import Isolation
from tests.event_loop import runner
from tests.functional.local.sandbox.stage import Stage

__all__ = ["isolation", "keep_spares", "runner", "stage"]


@pytest.fixture
def isolation() -> Isolation | None:
    """The best that this machine has; a test's own parameter comes before it."""
    return None


@pytest.fixture
def keep_spares() -> bool:
    return False


@pytest.fixture
def stage(runner: asyncio.Runner, tmp_path: Path, isolation: Isolation | None, keep_spares: bool) -> Iterator[Stage]:
    stage = Stage(tmp_path, isolation, keep_spares=keep_spares)
    yield stage
    runner.run(stage.sandbox.close())
