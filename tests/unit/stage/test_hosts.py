"""Our lines in /etc/hosts come and go; the others stay as they are."""

from __future__ import annotations

from pathlib import Path

from tests.stage import hosts

BEFORE = "127.0.0.1 localhost\n# a comment\n::1 localhost\n"


def test_names_are_added_once_and_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(BEFORE)
    for _ in range(2):
        hosts.add({"registry.example": "127.0.0.1"}, file)
        assert file.read_text() == BEFORE + "127.0.0.1 registry.example # agentcore-e2e\n"
    hosts.remove(file)
    assert file.read_text() == BEFORE
