"""Modules and the names in them, found by looking at files: a project's own, or those of an installed package."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_PACKAGE_FILES_MAX = 2_000  # files of one package that are looked through for a name


@dataclass(frozen=True, slots=True)
class Module:
    """`file` is its source, None where there is none to read (an extension, a namespace); `folder` of a package."""

    name: str
    file: Path | None
    folder: Path | None


def find(module: str, folder: Path) -> Module | None:
    """The module of that dotted name below `folder`, which stands on the import path."""
    name, _, rest = module.partition(".")
    found = _direct(name, folder, name)
    while found and rest:
        name, _, rest = rest.partition(".")
        found = _direct(name, found.folder, f"{found.name}.{name}") if found.folder else None
    return found


def last_found(module: str, folder: Path) -> Module | None:
    """The longest leading part of a dotted name that exists."""
    while module:
        if found := find(module, folder):
            return found
        module = module.rpartition(".")[0]
    return None


def binds(module: Module, name: str) -> bool | None:
    """Whether `from module import name` works; None where reading can't tell."""
    if module.folder and find(name, module.folder):
        return True
    names = names_of(module)
    return None if names is None else name in names


def names_of(module: Module) -> frozenset[str] | None:
    """What the module's source binds at its top level; None where it may bind more than can be read."""
    return _names_in(module.file) if module.file else None


def is_static(module: Module) -> bool:
    """Whether the package finds its submodules as files alone: it does not touch `__path__` or `sys.modules`."""
    if module.file is None:
        return False
    text = module.file.read_text(errors="replace")
    return not any(word in text for word in ("__path__", "sys.modules", "extend_path", "meta_path"))


def place_of(name: str, package: Module) -> str | None:
    """The shortest public module of a package that binds `name`."""
    if package.file and name in (_names_in(package.file) or ()):
        return package.name
    found = [module.name for module in _public_modules(package) if name in (names_of(module) or _partial_names(module))]
    return min(found, key=lambda module: (module.count("."), module), default=None)


def _direct(name: str, folder: Path, full_name: str) -> Module | None:
    package = folder / name
    if (package / "__init__.py").is_file():
        return Module(full_name, package / "__init__.py", package)
    if (folder / f"{name}.py").is_file():
        return Module(full_name, folder / f"{name}.py", None)
    if any(folder.glob(f"{name}.*.so")) or (folder / f"{name}.so").is_file():
        return Module(full_name, None, None)
    return Module(full_name, None, package) if package.is_dir() else None


def _public_modules(package: Module) -> Iterator[Module]:
    if package.folder is None:
        return
    for count, file in enumerate(sorted(package.folder.rglob("*.py"))):
        parts = file.relative_to(package.folder).with_suffix("").parts
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if count < _PACKAGE_FILES_MAX and not any(part.startswith("_") for part in parts):
            yield Module(".".join((package.name, *parts)), file, None)


@lru_cache(maxsize=512)
def _names_in(file: Path) -> frozenset[str] | None:
    tree = _tree(file)
    if tree is None:
        return None
    names = set(_bound(tree.body))
    return None if names & {"*", "__getattr__"} or _is_dynamic(tree) else frozenset(names)


def _partial_names(module: Module) -> frozenset[str]:
    """What a module that may bind more binds for certain."""
    tree = _tree(module.file) if module.file else None
    return frozenset(_bound(tree.body)) if tree else frozenset()


def _tree(file: Path) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None  # unreadable, or newer than this Python: nothing can be said about it


def _is_dynamic(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id in ("globals", "vars", "exec", "locals") for node in ast.walk(tree)
    )


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    """Names bound by statements, those in branches, loops and try blocks included; function bodies are their own."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        for name in ast.walk(node):
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                yield name.id
            elif isinstance(name, ast.ExceptHandler) and name.name:
                yield name.name
        for field in ("body", "orelse", "finalbody"):
            yield from _bound(getattr(node, field, []))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _bound(part.body)
