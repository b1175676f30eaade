"""The real parts, where they can be had; where they can't, one line says what to install.

AGENTCORE_E2E=required, or CI, makes a missing part a failure; AGENTCORE_E2E=off leaves these tests out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.local_runtime import RunningServer
from tests.stage import engine
from tests.stage.account import Account, account
from tests.stage.machine import Machine, machine
from tests.stand_ins import Moto


@pytest.fixture(scope="session")
def stage() -> Iterator[Machine]:
    """Docker Engine, the registry that poses as ECR, and the one that serves the base image."""
    wanted = os.environ.get("AGENTCORE_E2E", "required" if os.environ.get("CI") else "")
    if wanted == "off":
        pytest.skip("AGENTCORE_E2E=off")
    if missing := engine.missing():
        (pytest.fail if wanted == "required" else pytest.skip)(f"end-to-end tests: {missing}")
    with machine() as shared:
        yield shared


@pytest.fixture
def aws(stage: Machine, moto: Moto, server: RunningServer) -> Iterator[Account]:
    """An account whose AgentCore is the local runtime; images come from the registry."""
    with account(moto, server, registry=stage.ecr) as opened:
        yield opened
