"""The modules that a file imports by a literal string, as in `uvicorn.run("app.main:app")`. Code is read, never run.

Sources: uvicorn, granian 2.8, and the standard library's importlib, importlib.resources and pkgutil.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

_RESOURCES: Final = ("files", "path", "open_text", "open_binary", "read_text", "read_binary", "is_resource", "contents")
# What takes a module's name first, and what that parameter may be called.
_CALLS: Final[Mapping[str, tuple[str, ...]]] = {
    "uvicorn.run": ("app",),
    "uvicorn.Config": ("app",),
    "granian.Granian": ("target",),
    "importlib.import_module": ("name",),
    "pkgutil.get_data": ("package",),
    **{f"importlib.resources.{name}": ("package", "anchor") for name in _RESOURCES},
}


def named_modules(tree: ast.Module) -> Iterator[str]:
    """The dotted names, without the application in them; relative ones are left out."""
    meanings = dict(_meanings(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (parameters := _CALLS.get(_full_name(node.func, meanings))):
            module = _literal(node, parameters).partition(":")[0]
            if all(part.isidentifier() for part in module.split(".")):
                yield module


def _meanings(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What the names that a file imports stand for: `resources` for `importlib.resources`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.asname, alias.name) for alias in node.names if alias.asname)
            yield from ((name := alias.name.partition(".")[0], name) for alias in node.names if not alias.asname)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)


def _full_name(called: ast.expr, meanings: Mapping[str, str]) -> str:
    if isinstance(called, ast.Attribute):
        return f"{_full_name(called.value, meanings)}.{called.attr}"
    return meanings.get(called.id, "") if isinstance(called, ast.Name) else ""


def _literal(call: ast.Call, parameters: tuple[str, ...]) -> str:
    """The first argument, if it is a literal string; else nothing."""
    named = [keyword.value for keyword in call.keywords if keyword.arg in parameters]
    first = next(iter([*call.args, *named]), None)
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
