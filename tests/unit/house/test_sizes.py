"""No file that takes an hour to read, and no function that does not fit on a screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "agentcore_cli"
FILES = sorted(PACKAGE.rglob("*.py"))
LINES_MAX = 300
FUNCTION_MAX = 40
OPTION_LISTS = ("commands", "notebook")  # rooms whose functions are as long as a verb has options


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef, *, is_option_list: bool) -> int:
    """Its lines; of an option list only those of its body."""
    begins = function.body[0].lineno if is_option_list else function.lineno
    return (function.end_lineno or 0) - begins + 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_file_and_its_functions_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_MAX
    is_option_list = path.relative_to(PACKAGE).parts[0] in OPTION_LISTS
    long = [it.name for it in functions(path) if lines_of(it, is_option_list=is_option_list) > FUNCTION_MAX]
    assert long == []
