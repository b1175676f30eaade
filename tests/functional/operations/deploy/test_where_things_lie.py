"""The tool installed away from the project, as by `uv tool` and pipx, and an agent that is a git submodule."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from agentcore_cli.local.home import Home
from agentcore_cli.operations.deploy.plan import plan
from agentcore_cli.resources.deployment import Overrides
from tests.functional.operations.deploy.workshop import HANDLER, Workshop

ROOT = Path(__file__).parents[4]
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    """The interpreter of an environment that has nothing but the tool, from its wheel, and what that depends on."""
    folder = tmp_path / "tools" / "agentcore-toolkit"
    venv.create(folder, symlinks=True)
    packages = folder / "lib" / f"python{VERSION}" / "site-packages"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("agentcore_toolkit-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere" / "project"
    folder.mkdir(parents=True)
    (folder / "handler.py").write_text(HANDLER)
    return folder


@pytest.mark.long
def test_the_tool_works_from_an_environment_of_its_own(tool: Path, project: Path, home: Home) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}

    def agentcore(*arguments: str) -> str:
        command = [str(tool), "-P", "-m", "agentcore_cli", *arguments]
        ran = subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=150
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    where = "import agentcore_cli; print(agentcore_cli.__file__)"
    ours = subprocess.run([tool, "-P", "-c", where], capture_output=True, text=True, check=True, timeout=60).stdout
    assert ours.startswith(str(tool.parents[1]))
    agentcore("configure", "-e", "handler.py", "--python", VERSION, "--no-check")
    agentcore("deploy", "--local")
    answer = agentcore("invoke", "--local", "{}")
    assert "PATH" in answer
    assert str(tool.parents[1]) not in answer, "the agent has none of the tool's environment"
    assert "nothing to do" in agentcore("plan", "--local")
    agentcore("destroy", "--local", "--yes")


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=n", "-c", "user.email=n@example.com", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def test_an_agent_may_be_a_git_submodule(project: Path, tmp_path: Path, home: Home) -> None:
    """Its `.git` is a file that leads out of it."""
    (project / ".agentcore.yaml").write_text(
        f'version: 1\nproject: sub-1a2b3c\nagents:\n  bot:\n    entrypoint: handler.py\n    python: "{VERSION}"\n'
    )
    git(project, "init")
    git(project, "add", "-A")
    git(project, "commit", "-m", "one")
    above = tmp_path / "above"
    above.mkdir()
    git(above, "init")
    git(above, "submodule", "add", str(project), "agents/bot")
    agent = Workshop(above / "agents" / "bot")
    assert (agent.root / ".git").is_file()
    agent.deploy()
    assert agent.plan().pending == ()
    taken = plan(Overrides(), agent.selected, agent.heard, largest=99).largest
    assert [file.name for file in taken] == ["handler.py"]
    agent.destroy()
