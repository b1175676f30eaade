"""What an exported notebook leaves in its file, and only a notebook can run."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.source import SourceFile

_SHELL = "get_ipython"


def notebook_findings(source: SourceFile) -> Iterator[Finding]:
    """`%pip install x` and `!command` become `get_ipython().…`, a name that nothing gives to an agent."""
    if any(_binds(node) for node in ast.walk(source.tree)):
        return
    for statement in source.tree.body:
        if isinstance(statement, (ast.Expr, ast.Assign)) and any(_calls(node) for node in ast.walk(statement)):
            problem = f"{_SHELL} is there in notebooks alone: take the line out; packages belong into the requirements"
            yield Finding(source.shown, statement.lineno, problem)


def _calls(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == _SHELL


def _binds(node: ast.AST) -> bool:
    """Whether the file has a `get_ipython` of its own."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return node.name == _SHELL
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return any((alias.asname or alias.name) in (_SHELL, "*") for alias in node.names)
    return isinstance(node, ast.Name) and node.id == _SHELL and isinstance(node.ctx, ast.Store)
