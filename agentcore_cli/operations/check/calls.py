"""The calls of a file that can run as it is started."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agentcore_cli.operations.check.imports import guards_main
from agentcore_cli.operations.check.source import SourceFile


def calls(source: SourceFile) -> Iterator[ast.Call]:
    """The calls of a file, without those of a main guard that never holds because the file is imported."""
    waiting: list[ast.AST] = [source.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call) and not _is_subprocess_run(node):
            yield node
        if isinstance(node, ast.If) and guards_main(node.test) and not source.is_main:
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def runs_programs(source: SourceFile) -> bool:
    """Whether a file waits somewhere for a program, which may be the server after all."""
    return any(isinstance(node, ast.Call) and _is_subprocess_run(node) for node in ast.walk(source.tree))


def _is_subprocess_run(call: ast.Call) -> bool:
    """`subprocess.run` waits for its child: what a tool of an agent does, hardly ever its server."""
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "subprocess.run"
