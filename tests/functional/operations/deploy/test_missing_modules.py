"""A script that lacks a module of its own project is told the start that finds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.errors import AgentFailedError
from agentcore_cli.operations.invoke.missing_modules import explain_missing_module
from tests.functional.operations.deploy.workshop import HANDLER, Workshop
from tests.same_process import SameProcess

HIDDEN = "import importlib\nNAME = 'app'\nimportlib.import_module(f'{NAME}.words')\n"


def write(workshop: Workshop, entrypoint: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        (workshop.root / name).parent.mkdir(parents=True, exist_ok=True)
        (workshop.root / name).write_text(text)
    config = workshop.root / ".agentcore.yaml"
    config.write_text(config.read_text().replace("handler.py", f'"{entrypoint}"'))


def told(workshop: Workshop, missing: str) -> str | None:
    error = AgentFailedError(f"ModuleNotFoundError: No module named '{missing}'", hint="as it was")
    explain_missing_module(error, workshop.selected)
    return error.hint


def test_the_start_that_is_told_runs(workshop: Workshop, tmp_path: Path) -> None:
    write(workshop, "app/main.py", {"app/__init__.py": "", "app/words.py": "", "app/main.py": HIDDEN + HANDLER})
    with pytest.raises(
        AgentFailedError, match=r"app is the project's own, and is not found from app/main\.py"
    ) as caught:
        workshop.deploy()
    assert caught.value.hint == (
        'agentcore configure --name bot --entrypoint "-m app.main", then agentcore deploy --local'
    )
    SameProcess(workshop.root, {"HOME": str(tmp_path)}).run("configure", "--name", "bot", "--entrypoint", "-m app.main")
    assert workshop.deploy().version


def test_a_package_in_src_is_named_by_its_own_name(workshop: Workshop) -> None:
    write(workshop, "src/app/main.py", {"src/app/__init__.py": "", "src/app/main.py": HIDDEN})
    assert '"-m app.main"' in (told(workshop, "app") or "")


@pytest.mark.parametrize(
    ("entrypoint", "files"),
    [
        ("main.py", {"main.py": "", "app/__init__.py": ""}),
        ("-m app.main", {"app/__init__.py": "", "app/main.py": ""}),
        ("app/main.py", {"app/__init__.py": "", "app/main.py": "from . import words", "app/words.py": ""}),
        ("app/main.py", {"app/__init__.py": "", "app/main.py": "import words", "app/words.py": ""}),
        ("my-agents/main.py", {"app/__init__.py": "", "my-agents/main.py": ""}),
    ],
    ids=["beside it", "a module", "a module by its imports", "a script by its imports", "no name"],
)
def test_nothing_is_said_where_no_other_start_would_help(
    workshop: Workshop, entrypoint: str, files: dict[str, str]
) -> None:
    write(workshop, entrypoint, files)
    assert told(workshop, "app") == told(workshop, "of_others") == "as it was"
