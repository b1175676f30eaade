"""A server, one for a file, with the agent that answers, and a stage: as the tests of the local runtime have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.theatre import USERS, Theatre, code_for_all, theatre
from tests.functional.local.sandbox.conftest import isolation, keep_spares, runner, stage
from tests.functional.local.server.conftest import answers, server

__all__ = ["answers", "isolation", "keep_spares", "runner", "server", "stage"]


@pytest.fixture(scope="session")
def code() -> Iterator[Path]:
    with code_for_all() as folder:
        yield folder


@pytest.fixture(params=USERS)
def stage_of(request: pytest.FixtureRequest, code: Path) -> Iterator[Theatre]:
    """A sandbox that root started, and one that an ordinary user started."""
    with theatre(request.param, code) as made:
        yield made
