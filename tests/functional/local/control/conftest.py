from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.control_server import ControlServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ControlServer]:
    with ControlServer(tmp_path) as server:
        yield server


@pytest.fixture
def client(server: ControlServer) -> Iterator[Any]:
    client = server.client()
    yield client
    client.close()
