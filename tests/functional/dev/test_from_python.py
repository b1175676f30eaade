"""`reload` in the fixture, in the Python API and below `dev`; packages that several local runtimes of a user share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agentcore_cli import Runtime
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.events import Note, ignore
from agentcore_cli.local.home import Home
from agentcore_cli.operations.dev.reloads import Reloads
from agentcore_cli.operations.dev.watch import Save, SavedAgain
from agentcore_cli.operations.selection import Options
from tests.fakes.things import Heard
from tests.functional.dev.stage import SOURCE, Project

TESTS = """
from pathlib import Path

import pytest

@pytest.mark.parametrize("number", range(2))
def test_reload(agentcore_runtime, number):
    agent = agentcore_runtime.deploy("agent.py")
    assert agent.invoke({}, session_id="a") == "0.1"
    file = Path("agent.py")
    file.write_text(file.read_text().replace('MARK = "0"', 'MARK = "1"'))
    agent.reload()
    assert agent.invoke({}, session_id="b") == "1.1"
    assert agent.invoke({}, session_id="a") == "0.2"
    file.write_text(file.read_text().replace('MARK = "1"', 'MARK = "0"'))
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


@pytest.mark.parametrize("first", ['MARK = "1"', "def broken(:"], ids=["good", "a fault"])
def test_what_is_saved_again_at_once_makes_no_version_and_is_not_told(home: Home, tmp_path: Path, first: str) -> None:
    file = tmp_path / "agent.py"
    file.write_text(SOURCE)
    runtime = Runtime(target="local", folder=tmp_path)
    runtime.configure("agent.py", agent_name="bot")
    agent = Reloads(Options(tmp_path / ".agentcore.yaml", "local", "bot"), ignore)
    agent.deploy()
    file.write_text(SOURCE.replace('MARK = "0"', first))
    more: list[set[str]] = [{"agent.py"}]
    save = Save(tmp_path, {"agent.py"}, lambda: iter(more))
    with pytest.raises(SavedAgain):
        agent.reload(save)
    assert runtime.invoke({}, "between")["response"] == ["0.1"]
    file.write_text(SOURCE.replace('MARK = "0"', 'MARK = "2"'))
    told = agent.reload(save)
    assert (told.version, told.error, told.files) == ("2", None, ("agent.py",))
    assert runtime.invoke({}, "new")["response"] == ["2.1"]
    agent.close()
    runtime.destroy()


def test_a_warning_is_told_once_and_not_with_every_save(home: Home, tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text(SOURCE)
    runtime = Runtime(target="local", folder=tmp_path)
    runtime.configure("agent.py", agent_name="bot")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nrequires-python = "<3.10"\n')
    heard = Heard()
    agent = Reloads(Options(tmp_path / ".agentcore.yaml", "local", "bot"), heard)
    agent.deploy()
    (tmp_path / "agent.py").write_text(SOURCE.replace('MARK = "0"', 'MARK = "1"'))
    assert agent.reload().changed
    told = [event.message for event in heard.events if isinstance(event, Note) and "requires-python" in event.message]
    assert len(told) == 1
    agent.close()
    runtime.destroy()
