"""What a Dockerfile installs from by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.packages import standalone
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.builders.packages.standalone import Standalone
from agentcore_cli.errors import InputError

POETRY = """
[tool.poetry.dependencies]
python = "^3.12"
humanize = "^4.9"
kit = {path = "libs/kit"}
"""


def package(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{folder.name}"\nversion = "1"\n')


def test_files_that_include_one_another_and_packages_that_lean_on_others(tmp_path: Path) -> None:
    package(tmp_path / "libs" / "kit")
    (tmp_path / "libs" / "kit" / "pyproject.toml").write_text(
        '[project]\nname = "kit"\nversion = "1"\ndependencies = ["base"]\n'
        '[tool.uv.sources]\nbase = {path = "../base"}\n'
    )
    package(tmp_path / "libs" / "base")
    (tmp_path / "more.txt").write_text("-e ./libs/kit\n")
    (tmp_path / "requirements.txt").write_text("-r more.txt\n-c limits.txt\n")
    (tmp_path / "limits.txt").write_text("httpx<1\n")
    needed = standalone.of(Requirements(tmp_path, "requirements.txt"))
    assert needed.files == ("requirements.txt", "more.txt", "limits.txt")
    assert set(needed.places) == {"libs/kit", "libs/base"}


@pytest.mark.parametrize(
    ("asks", "places"),
    [
        ('dependencies = ["kit"]', {"libs/kit"}),
        ('optional-dependencies = {more = ["kit"]}', {"libs/kit"}),
        ('dependencies = ["humanize"]', set()),
    ],
)
def test_a_source_of_what_is_for_developers_alone_is_not_needed(tmp_path: Path, asks: str, places: set[str]) -> None:
    package(tmp_path / "libs" / "kit")
    (tmp_path / "pyproject.toml").write_text(
        f'[project]\nname = "bot"\nversion = "1"\n{asks}\n[dependency-groups]\ndev = ["kit", "tool"]\n'
        '[tool.uv.sources]\nkit = {path = "libs/kit"}\ntool = {path = "/nowhere/tool"}\n'
    )
    assert {"libs/kit"} & set(standalone.of(Requirements(tmp_path, "pyproject.toml")).places) == places


def test_poetry_s_table_as_lines(tmp_path: Path) -> None:
    package(tmp_path / "libs" / "kit")
    (tmp_path / "pyproject.toml").write_text(POETRY)
    (tmp_path / "poetry.lock").write_text('[[package]]\nname = "humanize"\nversion = "4.9.0"\n')
    assert standalone.of(Requirements(tmp_path, "pyproject.toml")) == Standalone(
        (), ("libs/kit",), ("humanize<5,>=4.9", "kit @ file:libs/kit"), ("humanize==4.9.0",)
    )


def test_what_lies_outside_is_refused_or_left_to_deploy(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    package(tmp_path / "kit")
    root = tmp_path / "project"
    root.mkdir()
    (root / "requirements.txt").write_text("-e ../kit\n")
    with pytest.raises(InputError, match=r"lies outside .*, so the image can't install from it"):
        standalone.of(Requirements(root, "requirements.txt"))
    assert standalone.as_far_as_known(Requirements(root, "requirements.txt")) == Standalone(("requirements.txt",))


def test_nothing_is_required() -> None:
    assert standalone.of(None) == standalone.as_far_as_known(None) == Standalone()
