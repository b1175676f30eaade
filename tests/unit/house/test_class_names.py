"""One word per thing: no public class has a name that another one has, but for those that are meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "agentcore_cli"
# The Python API speaks in the words of its users, which operations and resources use for what is behind them.
MEANT = {
    "Agent": "the pytest fixture's, and the one that runs in a session",
    "Runtime": "the Python API's, and the resource",
    "ConfigureResult": "the Python API's, and the operation's",
    "DestroyResult": "the Python API's, and the operation's",
    "StatusResult": "the Python API's, and the operation's",
}


def test_a_class_name_stands_for_one_thing() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(PACKAGE).as_posix())
    twice = {name: files for name, files in places.items() if len(files) > 1}
    assert twice.keys() == MEANT.keys(), {name: files for name, files in twice.items() if name not in MEANT}
