"""`requires-python` of a project, as `configure` heeds it: chosen, refused, or told."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.command_line import CommandLine
from tests.same_process import SameProcess

SERVER = "import http.server\nhttp.server.HTTPServer(('0.0.0.0', 8080), None).serve_forever()\n"
CONFIGURE = ("configure", "-e", "server.py", "--region", "us-west-2")
REFUSED = 'pyproject.toml:4: requires-python = ">=3.8,<3.10" allows none of the Pythons that AgentCore has: 3.12, 3.13'
WARNED = 'warning: pyproject.toml:4: requires-python = ">=3.8,<3.10" does not allow Python 3.1'


@pytest.fixture
def agentcore(tmp_path: Path) -> CommandLine:
    folder = tmp_path / "support"
    folder.mkdir()
    (folder / "server.py").write_text(SERVER)
    require(folder, ">=3.8,<3.10")
    return SameProcess(folder, {"HOME": str(tmp_path), "UV_OFFLINE": "1", "VIRTUAL_ENV": ""})


def require(folder: Path, wanted: str) -> None:
    text = f'[project]\nname = "a"\nversion = "1"\nrequires-python = "{wanted}"\ndependencies = []\n'
    (folder / "pyproject.toml").write_text(text)


def python_of(agentcore: CommandLine) -> str:
    content = yaml.safe_load((agentcore.folder / ".agentcore.yaml").read_text())
    return str(content["agents"]["server"]["python"])


@pytest.mark.parametrize(
    ("wanted", "python"), [("==3.12.*", "3.12"), ("~=3.14.0", "3.14"), (">=3.14", "3.14"), (">=3.8,<3.13", "3.12")]
)
@pytest.mark.parametrize("requirements", ["pyproject.toml", "requirements.txt"])
def test_the_python_is_one_that_the_project_allows(
    agentcore: CommandLine, wanted: str, python: str, requirements: str
) -> None:
    require(agentcore.folder, wanted)
    (agentcore.folder / requirements).touch()
    done = agentcore.run(*CONFIGURE)
    assert f"requirements: {requirements}" in done.stdout
    assert python_of(agentcore) == python
    assert f"python:{python}-slim" in (agentcore.folder / "Dockerfile").read_text()
    assert "requires-python" not in done.stderr


def test_where_none_is_allowed_nothing_is_written(agentcore: CommandLine) -> None:
    before = sorted(agentcore.folder.iterdir())
    assert REFUSED in agentcore.run(*CONFIGURE, code=2).stderr
    assert sorted(agentcore.folder.iterdir()) == before


@pytest.mark.parametrize("option", [("--no-check",), ("--python", "3.12")])
def test_who_insists_is_warned(agentcore: CommandLine, option: tuple[str, ...]) -> None:
    done = agentcore.run(*CONFIGURE, *option)
    assert done.stderr.count(WARNED) == 1
    assert WARNED in agentcore.run("configure", "--env", "A=1").stderr, "an agent keeps its Python"


def test_a_dockerfile_of_one_s_own_may_bring_a_python(agentcore: CommandLine) -> None:
    (agentcore.folder / "Dockerfile").write_text("FROM python:3.9\nCOPY . /app\nCMD python /app/server.py\n")
    assert WARNED in agentcore.run(*CONFIGURE).stderr


def test_what_is_no_set_of_versions_is_told_and_not_heeded(agentcore: CommandLine) -> None:
    require(agentcore.folder, "three")
    told = 'warning: pyproject.toml:4: requires-python = "three" is not understood, and not heeded'
    assert agentcore.run(*CONFIGURE).stderr.count(told) == 1


def test_poetry_s_own_words(agentcore: CommandLine) -> None:
    text = '[tool.poetry]\nname = "a"\nversion = "1"\n[tool.poetry.dependencies]\npython = "{}"\n'
    (agentcore.folder / "pyproject.toml").write_text(text.format("^2.7"))
    assert 'pyproject.toml: python = "^2.7" allows none of the Pythons' in agentcore.run(*CONFIGURE, code=2).stderr
    (agentcore.folder / "pyproject.toml").write_text(text.format("~3.12"))
    agentcore.run(*CONFIGURE)
    assert python_of(agentcore) == "3.12"
