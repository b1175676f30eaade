"""An agent on AgentCore's SDK, its packages resolved for arm64 on this machine and copied in: the example, as it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from tests.command_line import CommandLine
from tests.e2e.containers.engine import Engine

pytestmark = pytest.mark.timeout(600)

EXAMPLE = Path(__file__).parents[3] / "examples" / "session"


def test_the_sessions_of_the_example_keep_their_context(tmp_path: Path, home: Home, engine: Engine) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "project")
    cli = CommandLine(tmp_path / "project", {"AGENTCORE_HOME": str(home.root)})
    cli.run("configure", "--entrypoint", "handler.py", "--name", "session", "--python", "3.13")
    config = cli.folder / ".agentcore.yaml"
    config.write_text(config.read_text().replace("python:", f"base_image: {engine.base()}\n    python:", 1))
    cli.json("--local", "deploy", "--build", "docker")
    for name, count in (("one", 1), ("one", 2), ("two", 1)):
        told = cli.json("--local", "invoke", "hello", "--session-id", name)
        assert told["status_code"] == 200
        assert str(count) in str(told["response"])
    assert len(engine.containers(home.root, all=False)) == 2
    cli.run("--local", "destroy", "--yes")
    assert engine.containers(home.root) == []
