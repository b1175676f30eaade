"""One project with an agent that needs nothing installed, deployed once for all tests of the folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.conftest import leave
from tests.same_process import SameProcess

TENANT = "X-Amzn-Bedrock-AgentCore-Runtime-Custom-Tenant"
AGENT = Path(__file__).parents[2] / "agents" / "answers.py"


@pytest.fixture(scope="module")
def agentcore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    home = Path(tempfile.mkdtemp(prefix="ac-"))
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(AGENT, folder / "agent.py")
    command = SameProcess(folder, {"AGENTCORE_HOME": str(home)})
    command.run("configure", "--entrypoint", "agent.py", "--name", "answers", "--allow-header", TENANT)
    command.run("deploy", "--local")
    yield command
    command.run("destroy", "--local", "--yes")
    leave(home)
