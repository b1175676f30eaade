"""A real engine, an image with the agent that looks around, and a local runtime with a version of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from tests.conftest import leave
from tests.e2e.containers.engine import Engine
from tests.e2e.containers.runtime import PATIENCE, deploy
from tests.local_runtime import RunningServer
from tests.stage.machine import Machine

AGENTS = Path(__file__).parents[2] / "agents"


@pytest.fixture(scope="session")
def engine(stage: Machine) -> Iterator[Engine]:
    engine = Engine()
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def image(engine: Engine) -> str:
    """The URI of an image whose agent evaluates expressions, and which says where it writes."""
    return engine.image(
        "contained",
        {"agent.py": AGENTS / "contained.py"},
        "RUN chown -R 10001:10001 /app",
        "USER 10001:10001",
        "ENV HOME=/app OF_IMAGE=yes",
        'LABEL agentcore.writable="/app"',
        'CMD ["python3", "agent.py"]',
    )


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    folder = Path(tempfile.mkdtemp(prefix="ac-"))
    running = RunningServer(Home(folder).create(), PATIENCE)
    yield running
    running.close()
    leave(folder)


@pytest.fixture(scope="module")
def arn(server: RunningServer, image: str) -> str:
    return deploy(server, image)
