"""Poetry's words for versions and places, as requirements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from agentcore_cli.builders.packages import poetry
from agentcore_cli.errors import InputError


def read(root: Path, value: Any) -> list[str]:
    return poetry.read(root, {"tool": {"poetry": {"dependencies": {"python": "^3.12", "kit": value}}}}, root)[0]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^1", ">=1,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("~=1.2", "~=1.2"),
        ("*", ""),
        ("1.*", "==1.*"),
        ("1.2.3", "==1.2.3"),
        (">= 1.2, <2", ">=1.2,<2"),
        (">=1.2 <2", ">=1.2,<2"),
        ("^1.2,!=1.3", ">=1.2,<2,!=1.3"),
    ],
)
def test_constraints(said: str, meant: str, tmp_path: Path) -> None:
    assert read(tmp_path, said) == [f"kit{SpecifierSet(meant)}"]


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"version": "^1", "extras": ["a", "b"]}, f"kit[a,b]{SpecifierSet('>=1,<2')}"),
        ({"version": "*", "markers": "sys_platform == 'linux'"}, "kit ; (sys_platform == 'linux')"),
        ({"version": "*", "optional": True}, None),
        ({"git": "https://e.com/kit.git", "branch": "main"}, "kit @ git+https://e.com/kit.git@main"),
        ({"path": "../kit", "develop": True}, "kit @ file:../kit"),
        ({"url": "https://e.com/kit.whl"}, "kit @ https://e.com/kit.whl"),
    ],
)
def test_places(said: dict[str, Any], line: str | None, tmp_path: Path) -> None:
    assert read(tmp_path, said) == ([line] if line else [])


@pytest.mark.parametrize("said", ["^1 || ^2", "^a", "nonsense"])
def test_what_has_no_equal_is_answered_with_the_command_that_has(said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="poetry export"):
        read(tmp_path, said)


def test_the_lock_pins(tmp_path: Path) -> None:
    (tmp_path / "poetry.lock").write_text(
        '[[package]]\nname = "kit"\nversion = "1.4"\n[[package]]\nname = "two"\nversion = "1"\n'
        '[[package]]\nname = "Two"\nversion = "2"\n[[package]]\nname = "own"\nversion = "1"\n'
        'source = {type = "directory", url = "own"}\n'
    )
    content = {"tool": {"poetry": {"dependencies": {"kit": "^1"}}}}
    assert poetry.read(tmp_path, content, tmp_path)[1] == ["kit==1.4"]
