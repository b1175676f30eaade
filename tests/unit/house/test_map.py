"""README's map names every room and every file at the package's root; CONTRIBUTING's table has them in their rows."""

from __future__ import annotations

import re

from agentcore_cli.main import VERBS
from tests.unit.house.test_layers import PACKAGE, ROWS

REPOSITORY = PACKAGE.parent
NOT_ROOMS = {"__init__", "__main__", "__version__"}  # the start of the package, and its number


def mapped() -> set[str]:
    """What the map lists below `agentcore_cli/`, as paths: `local/control/`, `main.py`."""
    text = (REPOSITORY / "README.md").read_text()
    block = text.partition("## The map of the rooms")[2].split("```")[1]
    block = block.partition("agentcore_cli/\n")[2].partition("\ntests/")[0]
    found: set[str] = set()
    parents: list[str] = []
    for line in block.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.findall(r"[\w.]+(?:/|\.py)(?= |$)", line.strip().split("   ")[0])
        del parents[depth - 1 :]
        found.update("".join(parents) + name for name in names)
        parents.append(names[-1])
    return found


def test_the_map_has_every_room_and_every_file_at_the_root() -> None:
    rooms = {path.parent.relative_to(PACKAGE).as_posix() + "/" for path in PACKAGE.rglob("*.py")}
    rooms -= {"./", "local/sandbox/worker/startup/"}
    files = {path.name for path in PACKAGE.glob("*.py") if path.stem not in NOT_ROOMS}
    assert mapped() == rooms | files


def test_the_table_has_every_room_in_its_row() -> None:
    rows: dict[str, int] = {}
    for line in (REPOSITORY / "CONTRIBUTING.md").read_text().splitlines():
        if table := re.match(r"\| (\d+) \| ([^|]+) \|", line):
            rows.update(dict.fromkeys(re.findall(r"`(\w+)`", table[2]), int(table[1])))
    assert rows == {name: row for name, row in ROWS.items() if name not in NOT_ROOMS}


def test_every_verb_is_told_with_its_files_and_its_tests() -> None:
    table = (REPOSITORY / "CONTRIBUTING.md").read_text().partition("## Where a verb is")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([a-z]+) \| (`[^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    assert [verb for verb, _, _ in rows] == ["verb", *VERBS]
    for _, operations, tests in rows[1:]:
        for folder, names in ((PACKAGE / "operations", operations), (REPOSITORY / "tests/functional", tests)):
            assert all((folder / name).exists() for name in re.findall(r"`([^`]+)`", names)), names
