"""No engine to be found: what is said, and nothing left open behind."""

from __future__ import annotations

import gc
import socket
from pathlib import Path

import pytest

from agentcore_cli.builders.images import docker_engine
from agentcore_cli.errors import AgentcoreError


@pytest.mark.parametrize("stale", [False, True], ids=["no socket", "a socket that nobody listens at"])
def test_no_engine_is_said_with_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stale: bool
) -> None:
    path = tmp_path / "engine.sock"
    if stale:
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")

    with (
        pytest.raises(AgentcoreError, match=f"no Docker Engine: nothing answers at unix://{path}"),
        docker_engine.connected(),
    ):
        pass
    gc.collect()  # a socket that was left open would be a warning, and so a failure, here
