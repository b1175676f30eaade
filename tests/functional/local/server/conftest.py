"""One server for a whole file of tests, with the agent that answers in every way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from tests.conftest import leave
from tests.local_runtime import RunningServer

AGENTS = Path(__file__).parents[3] / "agents"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    running = RunningServer(Home(folder).create())
    yield running
    running.close()
    leave(folder)


@pytest.fixture(scope="module")
def answers(server: RunningServer) -> str:
    """The ARN of `many_answers.py`."""
    return server.deploy(AGENTS / "many_answers.py")
