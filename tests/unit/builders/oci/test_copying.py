"""What a COPY takes of the context."""

from __future__ import annotations

import pytest

from agentcore_cli.builders.images.context import Item
from agentcore_cli.builders.oci import copying
from agentcore_cli.builders.oci.dockerfile import Instruction

COPY = Instruction("COPY", (), "", 2)
FILE = Item(b"x")
PATTERNS = {
    "*.py": ["a.py", "b.py"],
    "[a]*": ["a.py"],
    "[^a].py": ["b.py"],
    "[[]x].txt": ["[x].txt"],
    "\\[x].txt": ["[x].txt"],
    "?.p*": ["a.py", "b.py"],
    "d/*/f": ["f"],
    "[a&~|].py": ["a.py"],
}


@pytest.mark.parametrize(("pattern", "names"), PATTERNS.items(), ids=PATTERNS)
def test_patterns_are_go_s(pattern: str, names: list[str]) -> None:
    items = dict.fromkeys(("a.py", "b.py", "[x].txt", "d/e/f", "d/e/g", "d/h"), FILE)
    assert sorted(copying.copied(COPY, [pattern], "to/", items, is_folder=True)) == names


@pytest.mark.timeout(60)
def test_many_files_by_a_pattern_are_no_more_work_than_there_are_files() -> None:
    """Each looked up among all of them was a quarter of an hour."""
    items = {f"folder{number // 10}/file{number}": FILE for number in range(20_000)}
    assert len(copying.copied(COPY, ["*"], "to/", items, is_folder=True)) == 20_001
    flat = {f"file{number}.py": FILE for number in range(20_000)}
    assert len(copying.copied(COPY, ["*.py"], "to/", flat, is_folder=True)) == 20_000
