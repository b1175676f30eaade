"""The project itself beside its packages: found by importlib.metadata as after an installation."""

from __future__ import annotations

import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from agentcore_cli.builders.packages import own_project
from agentcore_cli.builders.packages.requirements import Requirements

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
    own = own_project.of(tomllib.loads(text), folder)
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


DYNAMIC = '[project]\nname = "kit"\ndynamic = ["version"]\n'


@pytest.mark.parametrize(
    ("said", "file", "text", "version"),
    [
        ('[tool.hatch.version]\npath = "src/kit/about.py"\n', "src/kit/about.py", '__version__ = "1.2"', "1.2"),
        ("[tool.hatch.version]\npath = \"v.txt\"\npattern = 'is (?P<version>.*)'\n", "v.txt", "it is 3.1", "3.1"),
        ('[tool.setuptools.dynamic]\nversion = {attr = "kit.VERSION"}\n', "kit/__init__.py", "VERSION = '2.0'", "2.0"),
        ('[tool.setuptools.dynamic]\nversion = {attr = "kit.v.it"}\n', "src/kit/v.py", "it: str = 'v2.1'", "2.1"),
        ('[tool.setuptools.dynamic]\nversion = {file = "VERSION"}\n', "VERSION", "4.0\n", "4.0"),
        ('[tool.setuptools.dynamic]\nversion = {file = ["VERSION"]}\n', "VERSION", "4.1", "4.1"),
        ('[tool.pdm.version]\nsource = "file"\npath = "kit.py"\n', "kit.py", "__version__ = '5.0'", "5.0"),
        ('[tool.setuptools_scm]\nversion_file = "v.py"\n', "v.py", "__version__ = version = '6.0.dev1'", "6.0.dev1"),
        ("[tool.setuptools_scm]\n", "kit.py", "__version__ = '1'", "0+unknown"),
        ('[tool.hatch.version]\npath = "../outside.py"\n', "../outside.py", '__version__ = "1.2"', "0+unknown"),
        ('[tool.hatch.version]\npath = "a.py"\npattern = "("\n', "a.py", '__version__ = "1.2"', "0+unknown"),
        ('[tool.hatch.version]\npath = "a.py"\n', "a.py", '__version__ = "no version"', "0+unknown"),
    ],
)
def test_a_version_that_is_left_to_the_build(said: str, file: str, text: str, version: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text + "\n")
    own = own_project.of(tomllib.loads(DYNAMIC + BUILD + said), folder)
    assert own is not None
    assert own.version == version


def test_flit_s_module_says_the_version(tmp_path: Path) -> None:
    (tmp_path / "my_kit.py").write_text('"""Words."""\n__version__ = "7.0"\n')
    text = '[project]\nname = "my-kit"\ndynamic = ["version"]\n[build-system]\nbuild-backend = "flit_core.buildapi"\n'
    own = own_project.of(tomllib.loads(text), tmp_path)
    assert own is not None
    assert own.version == "7.0"


def test_a_requirements_file_belongs_to_the_project_beside_it(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("humanize\n")
    before = Requirements(tmp_path, "requirements.txt")
    assert before.reading.own is None
    (tmp_path / "pyproject.toml").write_text(STANDARD + BUILD)
    after = before.anew
    assert after.reading.own is not None
    assert after.reading.own.name == "My.Project"
    assert after.digest() != before.digest()
    (tmp_path / "pyproject.toml").write_text("no [ TOML")
    assert before.anew.reading.own is None
