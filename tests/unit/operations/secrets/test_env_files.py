"""Env files as python-dotenv reads them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from agentcore_cli.errors import InputError
from agentcore_cli.operations.secrets import env_files
from agentcore_cli.operations.secrets.env_files import EnvironmentValue

CASES = {
    "A=1": {"A": "1"},
    "export A='b c'": {"A": "b c"},
    'A = "b c"  # why': {"A": "b c"},
    "A=b # why": {"A": "b"},
    "A=b#c": {"A": "b#c"},
    'A="x\\ny"': {"A": "x\ny"},
    "A='x\\ny'": {"A": "x\\ny"},
    'A="x\ny"\nB=2': {"A": "x\ny", "B": "2"},
    "A=\nB=2": {"A": "", "B": "2"},
    "# A=1\n\nB": {},
    "A=1\r\nB=2\r\n": {"A": "1", "B": "2"},
    'A="never closed\nB=2': {"A": '"never closed', "B": "2"},
    'A="a\\"b"': {"A": 'a"b'},
    "URL=postgres://u:p@h/d?x=1": {"URL": "postgres://u:p@h/d?x=1"},
}


@pytest.mark.parametrize(("text", "found"), CASES.items(), ids=repr)
def test_what_is_assigned(text: str, found: dict[str, str]) -> None:
    assert env_files.parse(text) == found


@pytest.mark.parametrize("text", ['A="\n' * 200_000, "A=" + " " * 1_000_000 + "#", "A='" * 300_000, "=" * 1_000_000])
def test_a_strangers_file_costs_no_more_than_its_length(text: str) -> None:
    began = time.process_time()
    env_files.parse(text)
    assert time.process_time() - began < 10


def test_the_shell_goes_before_env_local_and_that_before_env(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=env\nB=env\nC=env\n")
    (tmp_path / ".env.local").write_text("A=local\nB=local\n")
    files = env_files.read(tmp_path)
    found = {name: env_files.find(name, files, {"A": "shell"}) for name in "ABCD"}
    assert found == {
        "A": EnvironmentValue("shell", "the shell"),
        "B": EnvironmentValue("local", ".env.local"),
        "C": EnvironmentValue("env", ".env"),
        "D": None,
    }


def test_a_file_that_leads_outside_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "secret").write_text("A=1\n")
    (tmp_path / "project" / ".env").symlink_to("../secret")
    with pytest.raises(InputError, match=r"\.env: lies outside the project"):
        env_files.read(tmp_path / "project")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_as_windows_writes_them(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_bytes("KEY=grün\r\nOTHER=1\r\n".encode(encoding))
    assert {name: value.text for name, value in env_files.read(tmp_path).items()} == {"KEY": "grün", "OTHER": "1"}
