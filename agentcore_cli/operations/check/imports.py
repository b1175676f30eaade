"""The import statements of a file, and how sure it is that each of them runs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from agentcore_cli.operations.check.source import SourceFile

# always: whenever the file is loaded. perhaps: in a function, or under a condition. optional: a failure is caught.
Runs = Literal["always", "perhaps", "optional"]

_CAUGHT = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}


@dataclass(frozen=True, slots=True)
class Import:
    """`import module`, or `from module import names`; `level` counts the leading dots."""

    module: str
    names: tuple[str, ...]
    level: int
    line: int
    runs: Runs

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]


def imports_of(source: SourceFile) -> list[Import]:
    """Every import of the file that can run; what is there for type checkers alone is left out."""
    return list(_Collector(source.is_main).of(source.tree.body, "always"))


def guards_main(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == "__main__"`."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [test.left, *test.comparators]
    return any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides) and any(
        isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
    )


class _Collector:
    def __init__(self, is_main: bool) -> None:
        self._is_main = is_main

    def of(self, body: Iterable[ast.stmt], runs: Runs) -> Iterator[Import]:
        for statement in body:
            yield from self._of_statement(statement, runs)

    def _of_statement(self, node: ast.stmt, runs: Runs) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, (), 0, node.lineno, runs)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(node.module or "", names, node.level, node.lineno, runs)
        elif isinstance(node, ast.If):
            yield from self._of_condition(node, runs)
        elif isinstance(node, (ast.Try, ast.TryStar)):
            yield from self._of_try(node, runs)
        elif isinstance(node, ast.ClassDef):
            yield from self.of(node.body, runs)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            suppresses = any(_called(item.context_expr) == "suppress" for item in node.items)
            yield from self.of(node.body, "optional" if suppresses else runs)
        else:
            for body in _bodies(node):
                yield from self.of(body, _weaker(runs))

    def _of_condition(self, node: ast.If, runs: Runs) -> Iterator[Import]:
        if guards_main(node.test):
            yield from self.of(node.body, runs if self._is_main else "optional")
        elif _called(node.test) != "TYPE_CHECKING":
            yield from self.of(node.body, _weaker(runs))
        yield from self.of(node.orelse, _weaker(runs))

    def _of_try(self, node: ast.Try | ast.TryStar, runs: Runs) -> Iterator[Import]:
        caught = any(_catches_import_errors(handler) for handler in node.handlers)
        yield from self.of(node.body, "optional" if caught else runs)
        for handler in node.handlers:
            yield from self.of(handler.body, _weaker(runs))
        yield from self.of(node.orelse, _weaker(runs))
        yield from self.of(node.finalbody, runs)


def _weaker(runs: Runs) -> Runs:
    return "perhaps" if runs == "always" else runs


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of functions, loops and match statements."""
    for name in ("body", "orelse"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
    for case in getattr(node, "cases", ()):
        yield case.body


def _catches_import_errors(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(_called(kind) in _CAUGHT for kind in kinds)


def _called(node: ast.expr) -> str:
    """The last name of a dotted expression or of the function it calls: `typing.TYPE_CHECKING` -> `TYPE_CHECKING`."""
    if isinstance(node, ast.Call):
        return _called(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
