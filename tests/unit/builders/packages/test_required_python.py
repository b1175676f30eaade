"""Which Pythons a pyproject.toml allows, and which of them says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.packages.required_python import RequiredPython, read

PYTHONS = [f"3.{minor}" for minor in range(10, 15)]


def standard(wanted: str) -> str:
    return f'[project]\nname = "a"\nrequires-python = {wanted}\n'


def of_poetry(wanted: str) -> str:
    return f'[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\npython = {wanted}\n'


def required(root: Path, text: str) -> RequiredPython:
    (root / "pyproject.toml").write_text(text)
    found = read(root, None)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (standard('">=3.8"'), PYTHONS),
        (standard('">=3.12,<3.14"'), ["3.12", "3.13"]),
        (standard('"==3.12.*"'), ["3.12"]),
        (standard('">=3.12.4,<3.13"'), ["3.12"]),
        (standard('"==3.12.4"'), ["3.12"]),
        (standard('"~=3.14.0"'), ["3.14"]),
        (standard('"~=3.12"'), ["3.12", "3.13", "3.14"]),
        (standard('"<=3.13"'), ["3.10", "3.11", "3.12", "3.13"]),
        (standard('"!=3.13.*,>=3.11"'), ["3.11", "3.12", "3.14"]),
        (standard('">=3.8,<3.10"'), []),
        (standard('""'), PYTHONS),
        (of_poetry('"^3.12"'), ["3.12", "3.13", "3.14"]),
        (of_poetry('"~3.12"'), ["3.12"]),
        (of_poetry('"3.12.*"'), ["3.12"]),
        (of_poetry('">=3.11 <3.13"'), ["3.11", "3.12"]),
        (of_poetry('"*"'), PYTHONS),
        (standard('"==3.11.*"') + of_poetry('"^3.12"'), ["3.11"]),
    ],
)
def test_what_is_allowed(text: str, allowed: list[str], tmp_path: Path) -> None:
    assert [python for python in PYTHONS if required(tmp_path, text).allows(python)] == allowed


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        (standard('"three"'), 'requires-python = "three"'),
        (standard("3.12"), "requires-python = 3.12"),
        (standard('["3.12"]'), 'requires-python = ["3.12"]'),
        (of_poetry('"^3.12 || ^2.7"'), 'python = "^3.12 || ^2.7"'),
        (of_poetry('"^x"'), 'python = "^x"'),
    ],
)
def test_what_is_no_set_of_versions_is_not_heeded(text: str, setting: str, tmp_path: Path) -> None:
    found = required(tmp_path, text)
    assert (found.specifiers, found.setting, found.allows("3.10")) == (None, setting, True)


def test_the_line_is_known_but_for_poetry(tmp_path: Path) -> None:
    found = required(tmp_path, standard('"<4"'))
    assert (found.file, found.line, found.setting) == ("pyproject.toml", 3, 'requires-python = "<4"')
    assert required(tmp_path, '[project]\n"requires-python" = "<4"\n').line is None
    assert required(tmp_path, of_poetry('"^3.12"')).line is None


def test_the_file_that_lists_the_requirements_comes_first(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "pyproject.toml").write_text(standard('"==3.12.*"'))
    (tmp_path / "app" / "pyproject.toml").write_text(standard('"==3.13.*"'))
    inner, outer = read(tmp_path, "app/pyproject.toml"), read(tmp_path, "app/requirements.txt")
    assert inner is not None
    assert outer is not None
    assert (inner.file, outer.file) == ("app/pyproject.toml", "pyproject.toml")


@pytest.mark.parametrize("text", ["", "not TOML", 'project = "a"\n', '[project]\nname = "a"\n', "[[tool]]\n"])
def test_nothing_is_said(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, None) is None
    (tmp_path / "pyproject.toml").write_text(text)
    assert read(tmp_path, "pyproject.toml") is None


def test_a_file_outside_the_project_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text(standard('"==3.12.*"'))
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "pyproject.toml").symlink_to(tmp_path / "outside.toml")
    assert read(tmp_path / "project", None) is None
