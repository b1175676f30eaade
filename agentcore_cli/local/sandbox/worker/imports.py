"""What the parent imports before it forks: what the agent's source imports, and what sessions were seen to import.

The agent's own modules are read, never imported: its code runs in sessions alone. A module that fails to import here
is passed over; the session imports it again and fails by itself, with the agent's own traceback in its own log.
"""

import _thread
import ast
import importlib
import importlib.machinery
import json
import os
import socket
import sys
import sysconfig
import tokenize
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_SUFFIXES = (".py", *importlib.machinery.EXTENSION_SUFFIXES)


class Project:
    """The agent's own code: the folder that is first on its `sys.path`, then others, and the modules found there."""

    def __init__(self, folder: str, *others: str) -> None:
        self.folder = folder
        self._folders = (folder, *others)
        self.names = frozenset(name for place in self._folders for name in _top_level_names(place))

    def owns(self, module: str) -> bool:
        """Whether `module` would be taken from the project: its top-level name is there, and comes first."""
        return module.partition(".")[0] in self.names

    def source(self, module: str) -> "str | None":
        """The file of one of the project's modules, or None."""
        bases = (os.path.join(folder, *module.split(".")) for folder in self._folders)
        paths = (path for base in bases for path in (f"{base}.py", f"{base}/__init__.py"))
        return next((path for path in paths if os.path.isfile(path)), None)


class Guard:
    """A finder that lets the parent import what is installed, and nothing else.

    Refused are the project's names: a package that would be shadowed by a file of the project (`redis.py` beside the
    agent) must not be loaded from site-packages here, for the session would find it loaded, and miss the agent's. And
    refused is what does not really lie in the environment or the interpreter, whatever `sys.path` was made to hold.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.refused: set[str] = set()
        self._folders = {os.path.realpath(folder) for folder in _installed_folders()}

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        if self._project.owns(name):
            self.refused.add(name.partition(".")[0])
            raise ModuleNotFoundError(f"{name} belongs to the agent", name=name)
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is not self and find is not None and (spec := find(name, path, target)) is not None:
                if not self._is_installed(spec):
                    raise ModuleNotFoundError(f"{name} is not installed in the environment", name=name)
                return spec  # type: ignore[no-any-return]
        return None

    def _is_installed(self, spec: ModuleSpec) -> bool:
        if spec.origin in ("built-in", "frozen"):
            return True
        places = [*filter(None, [spec.origin]), *(spec.submodule_search_locations or ())]
        return all(self._holds(os.path.realpath(place)) for place in places)

    def _holds(self, path: str) -> bool:
        return any(path.startswith(f"{folder}/") for folder in self._folders)


def _installed_folders() -> "list[str]":
    """Where an interpreter's own modules and installed packages are."""
    paths = sysconfig.get_paths()
    own = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return [*own, sys.prefix, sys.base_prefix]


def read_start(project: Project, start: "Sequence[str]") -> "list[str]":
    """The modules outside the project that the program `start` (argv after the interpreter) imports, in order."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    if start[0] != "-m":
        _read_file(project, os.path.join(project.folder, os.path.basename(start[0])), "__main__", found, seen)
        return list(found)
    for argument in start[1:]:
        module = argument.partition(":")[0]
        if project.owns(module):
            _read_module(project, module, found, seen)
            _read_module(project, f"{module}.__main__", found, seen)
    if not project.owns(start[1]):
        found.setdefault(start[1])
    return list(found)


def load(project: Project, modules: "Sequence[str]") -> "set[str]":
    """Import `modules` as far as that goes, without any of the project's; gives the names that were refused."""
    guard = Guard(project)
    sys.meta_path.insert(0, guard)
    try:
        for name in modules:
            _load_one(name)
    finally:
        sys.meta_path.remove(guard)
    return guard.refused


def _load_one(name: str) -> None:
    package, _, attribute = name.rpartition(".")
    try:
        if not (package in sys.modules and hasattr(sys.modules[package], attribute)):
            importlib.import_module(name)
    except (Exception, SystemExit):  # whatever a stranger's module does when imported; see the head of this file
        return


def _top_level_names(folder: str) -> "Iterator[str]":
    for entry in os.scandir(folder) if os.path.isdir(folder) else ():
        if entry.is_dir():
            if any(os.path.isfile(os.path.join(entry.path, f"__init__{suffix}")) for suffix in _SUFFIXES):
                yield entry.name
        elif entry.name.endswith(_SUFFIXES):
            yield entry.name.partition(".")[0]


def _read_module(project: Project, module: str, found: "dict[str, None]", seen: "set[str]") -> None:
    """Read a module of the project, and the packages that hold it."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        path = project.source(name)
        if path is not None:
            _read_file(project, path, name, found, seen)


def _read_file(project: Project, path: str, name: str, found: "dict[str, None]", seen: "set[str]") -> None:
    if path in seen:
        return
    seen.add(path)
    try:
        with tokenize.open(path) as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return  # the session will say so, in the interpreter's own words
    package = name if os.path.basename(path) == "__init__.py" else name.rpartition(".")[0]
    for module in _imported(tree.body, package):
        if project.owns(module):
            _read_module(project, module, found, seen)
        else:
            found.setdefault(module)


def _imported(body: "Sequence[ast.AST]", package: str) -> "Iterator[str]":
    """The modules that statements import when they are executed; functions are not entered."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from _imported_from(node, package)
        elif isinstance(node, ast.If) and _is_for_type_checkers(node.test):
            yield from _imported(node.orelse, package)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.expr)):
            yield from _imported(list(ast.iter_child_nodes(node)), package)


def _imported_from(node: ast.ImportFrom, package: str) -> "Iterator[str]":
    module = node.module or ""
    if node.level:
        parents = package.split(".")[: len(package.split(".")) - node.level + 1]
        module = ".".join([*filter(None, parents), *filter(None, [module])])
    if not module:
        return
    yield module
    yield from (f"{module}.{alias.name}" for alias in node.names if alias.name != "*")


def _is_for_type_checkers(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def against(project: Project, refused: "set[str]", preloaded: "frozenset[str]") -> "str | None":
    """Why what was imported for other code would not be the same for `project`'s, or None.

    `refused` are the names that were left to the other code, and packages may have gone on without.
    """
    shadowed = {name.partition(".")[0] for name in list(sys.modules) if name not in preloaded and project.owns(name)}
    differing = sorted(shadowed | (refused - project.names))
    return f"{differing[0]} is the agent's own module in one version, not in another" if differing else None


def forget_shadowed(project: Project, preloaded: "frozenset[str]") -> None:
    """Unload what the agent has a module of its own for, unless a bare interpreter has it loaded too (`preloaded`)."""
    for name in list(sys.modules):
        if project.owns(name) and name not in preloaded:
            del sys.modules[name]


def report_when_asked(connection: socket.socket, app: str) -> None:
    """Wait aside for the server's question which modules are loaded, answer it once, and be gone.

    A bare thread: it does not appear in `threading.enumerate()`, and nothing waits for it at exit.
    """
    _thread.start_new_thread(_report, (connection, app, frozenset(sys.modules)))


def _report(connection: socket.socket, app: str, known: "frozenset[str]") -> None:
    with connection:
        if connection.recv(1):
            loaded = [name for name in list(sys.modules) if name not in known and _is_installed(name, app)]
            connection.sendall(json.dumps(loaded).encode())


def _is_installed(name: str, app: str) -> bool:
    """Whether a loaded module can be imported by its name, and not from the agent's folder."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    if spec is None or spec.name != name:
        return False
    if spec.origin in ("built-in", "frozen"):
        return True
    folders = [folder for folder in sys.path if folder != app and not folder.startswith(f"{app}/")]
    return spec.origin is not None and any(spec.origin.startswith(f"{folder}/") for folder in folders)
