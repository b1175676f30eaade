"""Which Python a new agent gets where nobody said which."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.operations.configure.default_python import default_python

HERE = ["3.15", "3.13", "3.12", "3.11"]


def chosen(root: Path, wanted: str, installed: list[str], *, strict: bool = True) -> str:
    (root / "pyproject.toml").write_text(f'[project]\nname = "a"\nrequires-python = "{wanted}"\n')
    return default_python(root, "pyproject.toml", installed, strict=strict)


@pytest.mark.parametrize(
    ("wanted", "installed", "python"),
    [
        (">=3.8", HERE, "3.13"),
        (">=3.8", ["3.14", *HERE], "3.14"),
        (">=3.8", ["3.11"], "3.13"),
        ("==3.12.*", HERE, "3.12"),
        ("<3.13", ["3.13"], "3.12"),
        ("!=3.13.*", ["3.13"], "3.14"),
        ("!=3.13.*", HERE, "3.12"),
        (">=3.14", HERE, "3.14"),
        ("~=3.14.0", HERE, "3.14"),
        ("three", HERE, "3.13"),
    ],
)
def test_the_newest_that_is_here_and_allowed(wanted: str, installed: list[str], python: str, tmp_path: Path) -> None:
    assert chosen(tmp_path, wanted, installed) == python


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        (">=3.8,<3.10", "--no-check to configure it as it is"),
        (">=3.15", "--no-check to configure it as it is"),
        (">=3.8,<3.12", "--python 3.11 for an image, which may have any"),
    ],
)
def test_where_agentcore_has_none_that_is_allowed_it_is_refused(wanted: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        chosen(tmp_path, wanted, HERE)
    told = f'pyproject.toml:3: requires-python = "{wanted}" allows none of the Pythons that AgentCore has: 3.12, 3.13'
    assert caught.value.message.startswith(told)
    assert hint in (caught.value.hint or "")
    assert chosen(tmp_path, wanted, HERE, strict=False) == "3.13"


def test_a_project_that_says_nothing(tmp_path: Path) -> None:
    assert default_python(tmp_path, None, HERE, strict=True) == "3.13"
