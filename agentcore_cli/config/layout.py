"""Where a project's own imports resolve: what decides how a file of it is started. Code is read, never run.

A file runs as a script as long as its folder has all of the project that it imports. Else it runs as a module, by the
name that its package has in one of the folders that imports may start from: the project's own, `src`, what its
pyproject.toml names as the place of its packages. Such folders go on the import path. A literal string that imports
counts like an import.
"""

from __future__ import annotations

import ast
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from agentcore_cli.config.named_modules import named_modules
from agentcore_cli.confines import is_inside

_FILES_MAX: Final = 500  # files of a project that are read
_TREE: Final = Path()


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is started: as a script, or as the `module` of this name; `path` are folders, relative to the project,
    that are put on the import path."""

    module: str | None = None
    path: tuple[str, ...] = ()


def of_file(root: Path, file: Path) -> Layout:
    """How `file`, relative to `root`, is started."""
    reach = _Reach(root, file)
    reach.explore()
    if not (reach.needed or reach.is_relative):
        return Layout()
    for start in reach.module_roots():
        if not reach.fits(start):
            continue
        dotted = _dotted(file, start)
        if reach.siblings and not reach.is_relative:
            break  # it counts on its own folder, too
        path = [start, *reach.needed, *([file.parent] if reach.siblings else [])]
        return Layout(dotted, _texts(path, without=_TREE))
    return Layout(None, _texts(reach.needed, without=file.parent))


def of_module(root: Path, module: str) -> tuple[Path, Layout]:
    """The file of a module that is started by its name, relative to `root`, and what is put on the import path."""
    parts = module.split(".")
    for start in _roots(root):
        base = start.joinpath(*parts)
        for file in (base.with_suffix(".py"), base / "__main__.py", base / "__init__.py"):
            if (root / file).is_file():
                reach = _Reach(root, file, as_module=True)
                reach.explore()
                return file, Layout(module, _texts([start, *reach.needed], without=_TREE))
    return Path(*parts).with_suffix(".py"), Layout(module)


def name_that_finds(root: Path, file: Path, module: str) -> str | None:
    """The name by which `file` finds the project's own `module` when it is started as a module.

    None where it is started so already, where no name does, and where it would no longer find its own folder's files.
    """
    reach = _Reach(root, file)
    reach.explore()
    present = of_file(root, file)
    if present.module or reach.siblings:
        return None
    tried = [file.parent, *(Path(folder) for folder in present.path)]
    for start in _roots(root):
        if start not in tried and file.is_relative_to(start) and reach.fits(start) and _is_there(root / start, module):
            return _dotted(file, start)
    return None


def has_module(root: Path, name: str) -> bool:
    """Whether a project has a module or package of that name in one of the folders that its imports start from."""
    return any(_is_there(root / start, name) for start in _roots(root))


@dataclass
class _Reach:
    """What a file leads to in its project. `needed` are the folders that imports start from, besides the script's own;
    `siblings`: some start there alone; `is_relative`: the file itself imports relative to its package."""

    root: Path
    file: Path
    as_module: bool = False
    needed: list[Path] = field(default_factory=list)
    siblings: bool = False
    is_relative: bool = False
    _levels: int = 0

    def explore(self) -> None:
        waiting, seen = [self.file], set[Path]()
        while waiting and len(seen) < _FILES_MAX:
            file = waiting.pop()
            if file not in seen:
                seen.add(file)
                waiting += self._follow(file)

    def module_roots(self) -> list[Path]:
        """Folders above the file from which it may be named: those that its imports start from come first."""
        above = [*self.needed, self._package_parent(), *_roots(self.root)]
        own = [] if self.is_relative else [self.file.parent]  # that is a script's
        return [folder for folder in dict.fromkeys(above) if self.file.is_relative_to(folder) and folder not in own]

    def fits(self, start: Path) -> bool:
        """Whether the file has a name there, with as many packages above it as its imports climb."""
        parts = self.file.relative_to(start).with_suffix("").parts
        return all(part.isidentifier() for part in parts) and len(parts) > self._levels

    def _package_parent(self) -> Path:
        """The folder that holds the outermost package around the file."""
        folder = self.file.parent
        while folder != _TREE and (self.root / folder / "__init__.py").is_file():
            folder = folder.parent
        return folder

    def _follow(self, file: Path) -> Iterator[Path]:
        for node in _imports(self.root, self.root / file):
            if isinstance(node, ast.ImportFrom) and node.level:
                if file == self.file:
                    self.is_relative = True
                    self._levels = max(self._levels, node.level)
                folder = file.parents[node.level - 1] if node.level <= len(file.parents) else _TREE
                modules = [node.module or "", *(f"{node.module or ''}.{alias.name}" for alias in node.names)]
                for module in modules:
                    yield from _files(self.root, folder, module.strip("."))
            else:
                yield from self._absolute(node)

    def _absolute(self, node: ast.Import | ast.ImportFrom) -> Iterator[Path]:
        names = [alias.name for alias in node.names]
        is_from = isinstance(node, ast.ImportFrom)
        for module in [node.module or ""] if isinstance(node, ast.ImportFrom) else names:
            start = self._start_of(module)
            if start is not None:
                yield from _files(self.root, start, module)
                for name in names if is_from else ():
                    yield from _files(self.root, start, f"{module}.{name}")

    def _start_of(self, module: str) -> Path | None:
        """The folder of the project that an import starts from; None for what is not the project's."""
        script = [] if self.as_module else [self.file.parent]
        for start in dict.fromkeys((*script, *_roots(self.root), *_between(self.file))):
            if _is_there(self.root / start, module):
                everywhere = self.file.parent != _TREE and start == self.file.parent
                self.siblings = self.siblings or (everywhere and not self._is_also_elsewhere(module))
                if start not in (*script, *self.needed):
                    self.needed.append(start)
                return start
        return None

    def _is_also_elsewhere(self, module: str) -> bool:
        return any(_is_there(self.root / start, module) for start in _roots(self.root) if start != self.file.parent)


def _roots(root: Path) -> list[Path]:
    """The folders of a project that imports may start from: its own, and those of its packages."""
    named = [Path(), Path("src"), *(Path(name) for name in _named(root))]
    return [folder for folder in dict.fromkeys(named) if (root / folder).is_dir() and ".." not in folder.parts]


def _named(root: Path) -> Iterator[str]:
    """What a pyproject.toml says of where its packages are, for the backends that people use."""
    if not is_inside(root / "pyproject.toml", root):
        return
    try:
        content = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return
    tool: Mapping[str, Any] = content.get("tool", {})
    setuptools, poetry = tool.get("setuptools", {}), tool.get("poetry", {})
    yield from _strings(setuptools.get("package-dir", {}).get(""))
    find = setuptools.get("packages", {})
    yield from _strings(find.get("find", {}).get("where", ()) if isinstance(find, dict) else ())
    yield from (item["from"] for item in poetry.get("packages", ()) if isinstance(item, dict) and "from" in item)
    wheel = tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    yield from (str(PurePosixPath(package).parent) for package in _strings(wheel.get("packages", ())))
    yield from _strings(wheel.get("sources", ()))
    yield from _strings(tool.get("uv", {}).get("build-backend", {}).get("module-root"))
    yield from _strings(tool.get("pdm", {}).get("build", {}).get("package-dir"))


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value or () if isinstance(item, str)]


def _between(file: Path) -> list[Path]:
    """The folders between a file's own and the project's, nearest first."""
    return list(file.parent.parents)[:-1]


def _is_there(folder: Path, module: str) -> bool:
    """Whether an import of `module` finds the project's own code when it starts from `folder`."""
    place = folder.joinpath(*module.split("."))
    if place.with_suffix(".py").is_file() or (place / "__init__.py").is_file():
        return True
    top = folder / module.partition(".")[0]
    if (top / "__init__.py").is_file() or top.with_suffix(".py").is_file():
        return True  # the package is the project's, whatever it lacks
    return place.is_dir() and any(place.glob("*.py"))


def _files(root: Path, start: Path, module: str) -> Iterator[Path]:
    """The files that run when a module is imported, those of the packages around it included."""
    parts = module.split(".") if module else []
    for count in range(len(parts) + 1):
        base = start.joinpath(*parts[:count])
        for file in (base / "__init__.py", *([base.with_suffix(".py")] if count else [])):
            if (count or not parts) and (root / file).is_file():
                yield file


def _imports(root: Path, file: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    if not (is_inside(file, root) and file.is_file()):
        return  # a link that leaves the project
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return  # the check says what is wrong with it
    yield from (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    for name in named_modules(tree):
        # a package of data alone (`files("kit.data")`) is found by the package around it
        yield ast.Import([ast.alias(module) for module in dict.fromkeys((name, name.partition(".")[0]))])


def _dotted(file: Path, start: Path) -> str:
    parts = file.relative_to(start).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] in ("__main__", "__init__") and len(parts) > 1 else parts)


def _texts(folders: list[Path], *, without: Path) -> tuple[str, ...]:
    return tuple(folder.as_posix() for folder in dict.fromkeys(folders) if folder != without)
