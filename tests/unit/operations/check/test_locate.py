"""What people type as the entrypoint, and what the config keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.config import Start
from agentcore_cli.errors import EntrypointError
from agentcore_cli.operations.check.locate import locate, source_of


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (
        "handler.py",
        "src/agent.py",
        "src/tools.py",
        "both/app.py",
        "both/main.py",
        "none/x.py",
        "bots/__init__.py",
    ):
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "outside.py").touch()
    return tmp_path / "project"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("handler.py", "handler.py"),
        ("./handler.py", "handler.py"),
        ("src/../handler.py", "handler.py"),
        ("src", "src/agent.py"),
        ("src/", "src/agent.py"),
        ("handler:app", "handler:app"),
        ("src.agent:app", "src.agent:app"),
    ],
)
def test_a_path_becomes_relative_to_the_project(given: str, kept: str, project: Path) -> None:
    assert locate(given, project, project) == kept


def test_a_path_is_relative_to_the_working_directory(project: Path) -> None:
    assert locate("tools.py", project / "src", project) == "src/tools.py"
    assert locate("../handler.py", project / "src", project) == "handler.py"
    assert locate(str(project / "handler.py"), project / "src", project) == "handler.py"


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("handlr.py", "handlr.py: there is no such file", "did you mean handler.py?"),
        ("zzz.py", "zzz.py: there is no such file", "there is: handler.py"),
        ("handler", "handler: there is no such file", "did you mean handler.py?"),
        ("none", "none: the folder has none of agent.py, app.py, main.py", "give the file: --entrypoint FILE"),
        ("both", "both: the folder has app.py and main.py", "choose one: --entrypoint both/app.py"),
        ("handler.py:app", "'handler.py:app' is not of the form module:app", "write handler:app"),
        ("../outside.py", "../outside.py lies outside the project", "run configure in the folder that holds the agent"),
    ],
)
def test_what_leads_to_no_file(given: str, message: str, hint: str, project: Path) -> None:
    with pytest.raises(EntrypointError) as caught:
        locate(given, project, project)
    assert caught.value.message.startswith(message)
    assert caught.value.hint == hint


def test_a_module_is_a_file_or_a_package(project: Path) -> None:
    assert source_of(Start.of("src.agent:app", "HTTP", project), project) == project / "src" / "agent.py"
    assert source_of(Start.of("bots:app", "HTTP", project), project) == project / "bots" / "__init__.py"
    with pytest.raises(EntrypointError, match=r"module src\.agnt is missing") as caught:
        source_of(Start.of("src.agnt:app", "HTTP", project), project)
    assert caught.value.hint == "did you mean agent?"
