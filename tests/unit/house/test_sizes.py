"""No file that takes an hour to read, and no function that does not fit on a screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[3] / "agentcore_cli"
FILES = sorted(PACKAGE.rglob("*.py"))
LINES_MAX = 300
FUNCTION_MAX = 40
OPTION_LIST = 8  # parameters, from which on a function is as long as a verb has options
BODY_MAX = 50  # lines of such a one, without its options and its docstring
Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Function))


def is_short(function: Function) -> bool:
    end = function.end_lineno or 0
    if len([*function.args.args, *function.args.kwonlyargs]) < OPTION_LIST:
        return end - function.lineno < FUNCTION_MAX
    begin = next((node for node in function.body if not isinstance(node, ast.Expr)), function)
    return end - begin.lineno < BODY_MAX


def test_a_file_and_its_functions_are_short() -> None:
    assert [path for path in FILES if len(path.read_text().splitlines()) > LINES_MAX] == []
    assert [(path, it.name) for path in FILES for it in functions(path) if not is_short(it)] == []
