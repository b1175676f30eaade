"""An empty AWS account to deploy to."""

from __future__ import annotations

import pytest

from tests.functional.resources.deployment import Deployment
from tests.stand_ins import Moto


@pytest.fixture
def deployment(moto: Moto) -> Deployment:
    return Deployment(moto)
