"""The project itself beside its packages: found by importlib.metadata as after an installation."""

from __future__ import annotations

import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from agentcore_cli.builders import own_project
from agentcore_cli.builders.requirements import Requirements

BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
STANDARD = """
[project]
name = "My.Project"
version = "1.4"
[project.scripts]
start = "my_project.main:run"
[project.entry-points."my.plugins"]
one = "my_project.main:One"
"""
POETRY = '[tool.poetry]\nname = "my-project"\nversion = "2.0"\n[tool.poetry.scripts]\nstart = "my_project.main:run"\n'


def found(folder: Path, text: str) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    own = own_project.of(tomllib.loads(text))
    if own:
        own.write(folder)
    return [
        (there.name, there.version, sorted((point.group, point.name, point.value) for point in there.entry_points))
        for there in distributions(path=[str(folder)])
    ]


def test_name_version_and_entry_points(tmp_path: Path) -> None:
    [(name, version, points)] = found(tmp_path, STANDARD + BUILD)
    assert (name, version) == ("My.Project", "1.4")
    assert points == [
        ("console_scripts", "start", "my_project.main:run"),
        ("my.plugins", "one", "my_project.main:One"),
    ]
    [there] = distributions(path=[str(tmp_path)])
    assert {file.name for file in there.files or ()} == {"METADATA", "INSTALLER", "RECORD", "entry_points.txt"}


def test_poetry_s_table(tmp_path: Path) -> None:
    [(name, version, points)] = found(tmp_path, POETRY + BUILD)
    assert (name, version, points) == ("my-project", "2.0", [("console_scripts", "start", "my_project.main:run")])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(STANDARD, id="no build system"),
        pytest.param(STANDARD + BUILD + "[tool.uv]\npackage = false\n", id="uv says no"),
        pytest.param(POETRY.replace("version", "package-mode = false\nversion") + BUILD, id="Poetry says no"),
        pytest.param(BUILD, id="no name"),
        pytest.param('[project]\nname = "../../evil"\nversion = "1"\n' + BUILD, id="a path for a name"),
    ],
)
def test_what_is_not_installed(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


@pytest.mark.parametrize("version", ["dynamic = ['version']", 'version = "../../evil"'])
def test_a_version_that_only_a_build_knows(tmp_path: Path, version: str) -> None:
    [(_, told, _)] = found(tmp_path, f'[project]\nname = "bot"\n{version}\n' + BUILD)
    assert told == "0+unknown"


def test_entry_points_are_lines_and_nothing_else(tmp_path: Path) -> None:
    text = STANDARD + '[project.entry-points."a]\\n[console_scripts"]\nb = "c"\n' + BUILD
    assert "console_scripts" not in str([group for group, *_ in found(tmp_path, text)[0][2] if "\n" in group])


def test_one_that_is_installed_for_good_stays(tmp_path: Path) -> None:
    (tmp_path / "my_project-1.0.dist-info").mkdir()
    (tmp_path / "my_project-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1.0\n")
    assert [version for _, version, _ in found(tmp_path, STANDARD + BUILD)] == ["1.0"]


def test_what_is_written_decides_the_environment_and_other_files_of_the_project_do_not(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    digests = []
    for text in (STANDARD + BUILD, (STANDARD + BUILD).replace("1.4", "1.5"), STANDARD, STANDARD.replace("1.4", "1.5")):
        file.write_text(text)
        digests.append(Requirements(tmp_path, "pyproject.toml").digest())
    assert digests[0] != digests[1]
    assert digests[2] == digests[3]
