"""`agentcore init`: a project that passes its own check, and nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import CommandLine
from tests.same_process import SameProcess

WRITTEN = {"agent.py", "requirements.txt", "README.md", ".gitignore", ".dockerignore", "Dockerfile", ".agentcore.yaml"}


@pytest.fixture
def agentcore(tmp_path: Path) -> CommandLine:
    return SameProcess(tmp_path, {"HOME": str(tmp_path), "UV_OFFLINE": "1", "VIRTUAL_ENV": ""})


def test_a_new_folder(agentcore: CommandLine, tmp_path: Path) -> None:
    done = agentcore.run("init", "bots/my-bot")
    folder = tmp_path / "bots" / "my-bot"
    assert {path.name for path in folder.iterdir()} == WRITTEN
    assert "agent my_bot in" in done.stdout
    assert "next: cd bots/my-bot && agentcore deploy --local\n" in done.stderr
    assert 'agentcore invoke --local --session-id conv1 "Hello"' in done.stderr
    assert SameProcess(folder, agentcore.environment).json("configure")["written"] == []


def test_a_folder_s_name_can_be_pasted_into_a_shell(agentcore: CommandLine) -> None:
    assert "next: cd 'my bot' && agentcore deploy --local\n" in agentcore.run("init", "my bot").stderr


def test_what_is_there_is_kept(agentcore: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    result = agentcore.json("init", ".", "--name", "bot")
    assert (tmp_path / "README.md").read_text() == "mine"
    assert {Path(path).name for path in result["written"]} == WRITTEN - {"README.md"}


def test_below_another_project_it_is_a_project_of_its_own(agentcore: CommandLine, tmp_path: Path) -> None:
    agentcore.run("init", "outer")
    before = (tmp_path / "outer" / ".agentcore.yaml").read_text()
    SameProcess(tmp_path / "outer", agentcore.environment).run("init", "inner")
    assert (tmp_path / "outer" / ".agentcore.yaml").read_text() == before
    assert (tmp_path / "outer" / "inner" / ".agentcore.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("init", "taken"), "has agent.py already, and init overwrites nothing", id="an agent is there"),
        pytest.param(
            ("init", "new", "--template", "chess"), "--template chess: there is session, strands, memory", id="template"
        ),
        pytest.param(("init", "new", "--name", "a-b"), "agent name 'a-b'", id="name"),
        pytest.param(("init", "new", "--region", "mars-1"), "'mars-1' is no AWS region", id="region"),
    ],
)
def test_a_fault_writes_nothing(
    agentcore: CommandLine, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "agent.py").write_text("mine")
    assert message in agentcore.run(*arguments, code=2).stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file() and ".cache" not in path.parts]
    assert files == [tmp_path / "taken" / "agent.py"]
