"""A project to deploy, on a local runtime of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from tests.functional.operations.deploy.workshop import Workshop


@pytest.fixture
def workshop(home: Home, tmp_path: Path) -> Workshop:
    return Workshop.open(tmp_path / "project")
