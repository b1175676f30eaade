"""What the journeys share: a home in which their agents are deployed, and the scripted Bedrock."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.bedrock import ScriptedBedrock
from tests.functional.journeys.project import Deployments
from tests.local_runtime import nothing_is_served


@pytest.fixture(scope="session")
def deployments() -> Iterator[Deployments]:
    """Deploys agents side by side. At the end each is destroyed by its command, and then nothing may run any more."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))  # a short path: a Unix socket's may not be long
    with ExitStack() as stack:
        yield Deployments(home, stack)
    nothing_is_served(home)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def bedrock() -> Iterator[ScriptedBedrock]:
    """The model that the agents talk to."""
    with ScriptedBedrock() as server:
        yield server


@pytest.fixture
def home_path() -> Iterator[Path]:
    """A home for one test's own deployment; its path is short."""
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    yield home
    shutil.rmtree(home)
