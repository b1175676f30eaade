"""What is asked for, with everything that it leans on, as one hash."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.errors import InputError


def digest(root: Path, name: str = "requirements.txt") -> str:
    return Requirements(root, name).digest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "requirements.txt").write_text("strands-agents\n-r sub/more.txt\n-c limits.txt\n")
    (tmp_path / "sub/more.txt").write_text("boto3\n--requirement=deep.txt\n")
    (tmp_path / "sub/deep.txt").write_text("six\n")
    (tmp_path / "limits.txt").write_text("boto3<2\n")
    return tmp_path


@pytest.mark.parametrize("name", ["requirements.txt", "sub/more.txt", "sub/deep.txt", "limits.txt"])
def test_every_file_that_is_included_counts(root: Path, name: str) -> None:
    before = digest(root)
    with (root / name).open("a") as file:
        file.write("uvicorn\n")
    assert digest(root) != before


def test_comments_and_blank_lines_do_not_count(root: Path) -> None:
    before = digest(root)
    with (root / "requirements.txt").open("a") as file:
        file.write("\n# a remark\n   \n")
    assert digest(root) == before


def test_files_that_include_each_other_end(root: Path) -> None:
    (root / "sub/deep.txt").write_text("-r more.txt\n")
    assert digest(root)


@pytest.mark.parametrize("line", ["./pkg", "-e ./pkg", "pkg @ file:./pkg", "./pkg ; python_version > '3'"])
def test_the_content_of_a_local_package_counts(root: Path, line: str) -> None:
    (root / "pkg").mkdir()
    (root / "pkg/code.py").write_text("1")
    (root / "requirements.txt").write_text(f"{line}\n")
    before = digest(root)
    (root / "pkg/code.py").write_text("2")
    assert digest(root) != before


MISSING = [
    pytest.param("-r gone.txt\n", r"requirements.txt:1: gone.txt: there is no such file", id="included"),
    pytest.param("six\n./gone.whl\n", r"requirements.txt:2: .*gone.whl: there is no such file", id="wheel"),
]


@pytest.mark.parametrize(("text", "message"), MISSING)
def test_a_missing_file_is_named_with_its_line(root: Path, text: str, message: str) -> None:
    (root / "requirements.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        digest(root)


def test_requirements_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"other\.txt: there is no such file"):
        digest(tmp_path, "other.txt")


def test_of_a_pyproject_only_what_is_installed_counts(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"

    def with_text(text: str) -> str:
        path.write_text(text)
        return digest(tmp_path, "pyproject.toml")

    plain = with_text('[project]\nname = "a"\nversion = "1"\ndependencies = ["six"]\n')
    assert with_text('[project]\nname = "a"\nversion = "2"\ndependencies = ["six"]\n[tool.ruff]\nx = 1\n') == plain
    assert with_text('[project]\nname = "a"\nversion = "1"\ndependencies = ["six", "boto3"]\n') != plain


@pytest.mark.parametrize(
    ("text", "message"), [("[project", "pyproject.toml: "), ("[tool.black]\n", "no .project. table")], ids=repr
)
def test_a_pyproject_that_names_nothing_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(InputError, match=message):
        digest(tmp_path, "pyproject.toml")
