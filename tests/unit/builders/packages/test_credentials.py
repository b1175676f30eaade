"""Passwords in requirements stay behind, in whatever bytes an editor wrote them."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentcore_cli.builders.packages import credentials
from agentcore_cli.builders.packages.requirements import Requirements
from agentcore_cli.builders.source import source

PASSWORD = "the-word"
TEXT = f"--extra-index-url https://ann:{PASSWORD}@index.example/simple\nkit\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_what_goes_along_has_no_password(tmp_path: Path, name: str, encoding: str) -> None:
    (tmp_path / name).write_text(TEXT, encoding=encoding)
    cleaned = credentials.withheld(Requirements(tmp_path, name), source.read(tmp_path))
    assert PASSWORD not in cleaned[name].decode()
    assert cleaned[name].decode().endswith("kit\n")


def test_bytes_that_are_no_text_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"# \xff\n" + TEXT.encode())
    cleaned = credentials.withheld(None, source.read(tmp_path))["requirements.txt"]
    assert cleaned.startswith(b"# \xff\n")
    assert PASSWORD.encode() not in cleaned
