"""Every test that `docs/security.md` names for a promise is there."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "tests" / "attacks"


def test_each_promise_has_its_test() -> None:
    page = (REPOSITORY / "docs" / "security.md").read_text()
    named = re.findall(r"`((?:tests/)?[\w/]*test_\w+\.py)`", page)
    assert len(named) > 30
    beside = Path()  # a name without a folder stands in that of the name before it, or below tests/attacks
    missing = []
    for name in named:
        place = REPOSITORY / name if "/" in name else FOLDER / name
        if "/" not in name and not place.is_file():
            place = beside / name
        beside = place.parent
        if not place.is_file():
            missing.append(name)
    assert missing == []


def test_each_file_of_attacks_is_named_for_what_it_shows() -> None:
    page = (REPOSITORY / "docs" / "security.md").read_text()
    unnamed = {path.name for path in FOLDER.glob("test_*.py") if path.name not in page}
    assert unnamed == set()
