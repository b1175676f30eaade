"""`reload` in the fixture and in the Python API; packages that several local runtimes of a user share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agentcore_cli import Runtime
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.local.home import Home
from tests.functional.dev.stage import SOURCE, Project

TESTS = """
from pathlib import Path

def test_reload(agentcore_runtime):
    agent = agentcore_runtime.deploy("agent.py")
    assert agent.invoke({}, session_id="a") == "0.1"
    file = Path("agent.py")
    file.write_text(file.read_text().replace('MARK = "0"', 'MARK = "1"'))
    agent.reload()
    assert agent.invoke({}, session_id="b") == "1.1"
    assert agent.invoke({}, session_id="a") == "0.2"
"""


@pytest.mark.long
def test_the_fixture_reloads(project: Project) -> None:
    (project.folder / "test_agent.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_agent.py"]
    environment = project.command.whole_environment()
    done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    made = list((project.home / "environments").glob("[!.]*"))
    assert len(made) == 1, "the packages are those of the user's own runtime"


def test_a_runtime_reloads_and_a_fault_leaves_what_served(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "agent.py"
    file.write_text(SOURCE)
    runtime = Runtime(target="local", folder=tmp_path)
    runtime.configure("agent.py", agent_name="bot")
    runtime.launch()
    assert runtime.invoke({}, "old")["response"] == ["0.1"]
    file.write_text(SOURCE.replace('MARK = "0"', "raise RuntimeError"))
    with pytest.raises(AgentcoreError, match="RuntimeError"):
        runtime.reload()
    assert runtime.invoke({}, "meanwhile")["response"] == ["0.1"]
    file.write_text(SOURCE.replace('MARK = "0"', 'MARK = "1"'))
    runtime.reload()
    assert runtime.invoke({}, "new")["response"] == ["1.1"]
    assert runtime.invoke({}, "old")["response"] == ["0.2"]
    runtime.destroy()
