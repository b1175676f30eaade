"""The real parts, where they can be had; where they can't, one line says what to install.

AGENTCORE_E2E=required, or CI, makes a missing part a failure; AGENTCORE_E2E=off leaves these tests out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.laboratory import Laboratory, laboratory
from tests.local_runtime import RunningServer
from tests.stage import engine
from tests.stage.account import Account, account
from tests.stage.machine import Machine, machine
from tests.stand_ins import Moto

pytest.register_assert_rewrite("tests.e2e.journey")


LONG = {
    "test_every_call_fails.py",
    "test_image_faults.py",
    "test_interruptions.py",
    "test_journey_moto.py",
    "test_kill_points_of_a_changed_zip.py",
    "test_kill_points_of_a_zip.py",
    "test_kill_points_of_a_zip_s_end.py",
    "test_kill_points_of_deploy.py",
    "test_kill_points_of_destroy.py",
    "test_kill_points_of_oci.py",
    "test_lost_and_changed.py",
    "test_oci.py",
    "test_secrets.py",
    "test_zip_on_arm64.py",
}


# They take one to six minutes each: begun last, they would be what everybody waits for in the end.
FIRST = (
    "test_every_call_fails.py",
    "test_journey.py",
    "test_kill_points_of_destroy.py",
    "test_kill_points_of_deploy.py",
    "test_interruptions.py",
    "test_kill_points_of_oci.py",
    "test_kill_points_of_a_zip.py",
    "test_journey_moto.py",
)
HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path in (HERE / name for name in LONG) or item.path.parent == HERE / "containers":
            item.add_marker(pytest.mark.long)
    begins = {HERE / name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: begins.get(item.path, len(FIRST)))


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


@pytest.fixture
def zip_lab(moto: Moto, server: RunningServer, tmp_path: Path) -> Iterator[Laboratory]:
    """No engine and no registry: a zip needs none."""
    with account(moto, server) as opened, laboratory(opened, tmp_path / "project", build="zip") as lab:
        yield lab
