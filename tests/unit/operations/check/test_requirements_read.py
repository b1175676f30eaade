"""What requirement files ask for by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.operations.check.requirements import read


def test_names_of_every_kind_of_line(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "\ufeff# comment\n\nBoto3\nstrands_agents[otel] >= 1.0  # why\nhttpx==0.28.1; python_version > '3.8'\n"
        "acme @ https://example.com/acme.zip\n--index-url https://example.com/simple\n--no-binary :all:\n"
        "zope.interface===5.0 \\\n    --hash=sha256:00\n"
    )
    found = read(tmp_path, "requirements.txt")
    assert found.names == {"boto3", "strands-agents", "httpx", "acme", "zope-interface"}
    assert found.extended == {"strands-agents"}
    assert found.pins == {"httpx": "0.28.1", "zope-interface": "5.0"}
    assert not found.is_open


def test_included_files_are_read_and_constraints_ask_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "deps").mkdir()
    (tmp_path / "requirements.txt").write_text("-r deps/base.txt\n-c deps/limits.txt\n")
    (tmp_path / "deps" / "base.txt").write_text("boto3\n--requirement more.txt\n-r base.txt\n")
    (tmp_path / "deps" / "more.txt").write_text("httpx\n-r ../requirements.txt\n")
    (tmp_path / "deps" / "limits.txt").write_text("redis<6\n")
    found = read(tmp_path, "requirements.txt")
    assert found.names == {"boto3", "httpx"}


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "./packages/acme",
        "../acme",
        "git+https://example.com/a.git",
        "acme-1.0-py3-none-any.whl",
        "-r https://e.com/r.txt",
    ],
)
def test_what_has_no_name_leaves_it_open(line: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(line + "\n")
    found = read(tmp_path, "requirements.txt")
    assert found.is_open
    assert found.names == set()


def test_a_project_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\ndependencies = ["Boto3>=1", "mcp[cli]"]\n')
    found = read(tmp_path, "pyproject.toml")
    assert (found.names, found.extended, found.is_open) == ({"boto3", "mcp"}, {"mcp"}, False)


def test_a_project_file_with_dynamic_dependencies_is_open(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\ndynamic = ["version", "dependencies"]\n')
    assert read(tmp_path, "pyproject.toml").is_open


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("pyproject.toml", b"[project\n", "pyproject.toml: not TOML: Expected ']'"),
        ("pyproject.toml", b"[tool.black]\n", "pyproject.toml: has no [project] table, so it names no dependencies"),
        ("requirements.txt", b"\xff\xfea", "requirements.txt: not UTF-8 text"),
        ("requirements.txt", b"-r none.txt\n", "requirements.txt:1: none.txt: there is no such file"),
    ],
)
def test_a_file_that_can_t_be_read(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    (finding,) = read(tmp_path, name).findings
    assert str(finding).startswith(message)
    assert finding.certain


def test_no_file_asks_for_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, None).names == set()
    (finding,) = read(tmp_path, "requirements.txt").findings
    assert str(finding) == "requirements.txt: there is no such file"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_files_that_windows_wrote(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("strands-agents\r\nhumanize\r\n".encode(encoding))
    found = read(tmp_path, "requirements.txt")
    assert (found.names, found.findings) == ({"strands-agents", "humanize"}, [])
