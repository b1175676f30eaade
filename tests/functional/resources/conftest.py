"""Empty accounts to deploy to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.control_server import ControlServer
from tests.functional.resources.bot import Bot
from tests.functional.resources.deployment import ControlAccount, Deployment
from tests.stand_ins import Moto

pytest.register_assert_rewrite("tests.functional.resources.contract")


@pytest.fixture
def deployment(moto: Moto) -> Deployment:
    return Deployment(moto)


@pytest.fixture
def control(tmp_path: Path) -> Iterator[ControlServer]:
    with ControlServer(tmp_path / "control") as server:
        yield server


@pytest.fixture
def bot(control: ControlServer) -> Iterator[Bot]:
    """One on a control plane of its own, which may be held."""
    with closing(ControlAccount(control)) as account:
        yield Bot(account)
