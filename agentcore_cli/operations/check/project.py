"""The files of a project that its entrypoint leads to, and what they import from elsewhere."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from agentcore_cli import confines
from agentcore_cli.config import Start
from agentcore_cli.operations.check import modules
from agentcore_cli.operations.check.distributions import is_known
from agentcore_cli.operations.check.findings import Finding
from agentcore_cli.operations.check.imports import Import, Runs, imports_of
from agentcore_cli.operations.check.modules import Module
from agentcore_cli.operations.check.source import SourceFile, read

_STRENGTH: Final[dict[Runs, int]] = {"always": 2, "perhaps": 1, "optional": 0}


@dataclass(frozen=True, slots=True)
class Use:
    """An import of something that is not the project's. `runs` takes into account how its file is reached."""

    source: SourceFile
    statement: Import
    runs: Runs

    def finding(self, problem: str) -> Finding:
        return Finding(self.source.shown, self.statement.line, problem, certain=self.runs == "always")


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that the project's own module `name`, of `file`, is asked for and does not have.

    `by_itself`: the file imports its own name, which is what a file that hides a package does, and hardly another.
    """

    name: str
    file: str
    finding: Finding
    by_itself: bool = False


@dataclass
class ReadProject:
    """`main` is what is started, None if it can't be read; `sources` are all files reached, `main` first."""

    main: SourceFile | None = None
    sources: list[SourceFile] = field(default_factory=list)
    foreign: list[Use] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    @property
    def changes_path(self) -> bool:
        """Whether the code looks for modules in places of its own."""
        touched = (node for source in self.sources for node in ast.walk(source.tree) if isinstance(node, ast.Attribute))
        return any(ast.unparse(node) in ("sys.path", "site.addsitedir", "sys.meta_path") for node in touched)


def explore(root: Path, file: Path, python: str, start: Start, more: Sequence[str] = ()) -> ReadProject:
    """Read `file` and what of the project it imports, as `start` starts it.

    `more` are folders, relative to `root`, that the agent's own PYTHONPATH adds.
    """
    first = root if start.module else file.parent
    folders = [first, *(root / folder for folder in (*more, *start.path))]
    return _Explorer(root, list(dict.fromkeys(folders)), python).explore(file, start)


class _Explorer:
    def __init__(self, root: Path, folders: list[Path], python: str) -> None:
        self._root = root
        self._folders = folders
        self._python = python
        self._project = ReadProject()
        self._waiting: deque[tuple[Module, Runs]] = deque()
        self._seen: set[Path] = set()

    def explore(self, file: Path, start: Start) -> ReadProject:
        self._seen.add(file)
        main = self._source(file, is_main=start.attribute is None)
        if isinstance(main, Finding):
            self._project.findings.append(main)
            return self._project
        self._project.main = main
        self._look_into(main, _name(file, start), "always")
        while self._waiting:
            module, runs = self._waiting.popleft()
            self._read(module, runs)
        return self._project

    def _read(self, module: Module, runs: Runs) -> None:
        if module.file is None or module.file in self._seen:
            return
        self._seen.add(module.file)
        source = self._source(module.file)
        if isinstance(source, Finding):
            self._project.findings.append(source if runs == "always" else source.doubtful())
        else:
            self._look_into(source, module.name, runs)

    def _source(self, file: Path, *, is_main: bool = False) -> SourceFile | Finding:
        if not confines.is_inside(file, self._root):
            problem = (
                "a link that leads outside the project; it was not read: put what it leads to into the project, or "
                "configure in a folder that holds both"
            )
            return Finding(self._shown(file), None, problem)
        return read(file, self._shown(file), self._python, is_main=is_main)

    def _look_into(self, source: SourceFile, name: str | None, runs: Runs) -> None:
        self._project.sources.append(source)
        for statement in imports_of(source):
            use = Use(source, statement, min(runs, statement.runs, key=_STRENGTH.__getitem__))
            target = self._absolute(use, name)
            if target is None:
                problem = "a file that runs as a script has no package; import without the leading dot"
                self._project.findings.append(use.finding(problem))
            elif statement.level or self._is_own(target.partition(".")[0]):
                self._follow(use, target)
            else:
                self._project.foreign.append(use)

    def _absolute(self, use: Use, name: str | None) -> str | None:
        """The dotted name of what is imported; None for a relative import where there is no package."""
        level = use.statement.level
        if not level:
            return use.statement.module
        if name is None:
            return None
        package = name.split(".") if use.source.path.name == "__init__.py" else name.split(".")[:-1]
        package = package[: len(package) - level + 1]
        return ".".join([*package, *use.statement.module.split(".")]).strip(".") or None

    def _is_own(self, name: str) -> bool:
        found = self._find(name)
        if found is None or found.file:
            return found is not None
        # a folder without __init__.py gives way to an installed package of its name
        return found.folder is not None and not is_known(name) and any(found.folder.rglob("*.py"))

    def _follow(self, use: Use, target: str) -> None:
        for part in _prefixes(target):
            if found := self._find(part):
                self._wait_for(found, use.runs)
        module = self._find(target)
        if module is None:
            self._missing(use, target)
            return
        if module.file == use.source.path and not use.statement.level:
            finding = use.finding(f"{target} imports itself")
            self._project.missing.append(Missing(target, use.source.shown, finding, by_itself=True))
            return
        for name in use.statement.names:
            if name == "*":
                continue
            if submodule := self._find(f"{target}.{name}"):
                self._wait_for(submodule, use.runs)
            elif modules.binds(module, name) is False:
                self._lacks(target, use.finding(f"{target} has no {name}"))

    def _missing(self, use: Use, target: str) -> None:
        parent = next((found for part in reversed([*_prefixes(target)]) if (found := self._find(part))), None)
        if parent is None or parent.file is None or modules.is_static(parent):
            self._lacks(target, use.finding(f"the project has no module {target}{self._hiding(parent)}"))

    def _hiding(self, module: Module | None) -> str:
        """That a file hides a folder of its name, which Python takes for a package only with an `__init__.py`."""
        if module is None or module.file is None or not module.file.with_suffix("").is_dir():
            return ""
        folder = self._shown(module.file.with_suffix(""))
        return f": {self._shown(module.file)} hides the folder {folder}, until that has an __init__.py"

    def _lacks(self, target: str, finding: Finding) -> None:
        top = target.partition(".")[0]
        found = self._find(top)
        if found is None or (found.file or found.folder) is None:
            self._project.findings.append(finding)
        else:
            self._project.missing.append(Missing(top, self._shown(found.file or found.folder or self._root), finding))

    def _wait_for(self, module: Module, runs: Runs) -> None:
        """Files that surely run are read before those that only may, so that each is judged by its strongest use."""
        if runs == "always":
            self._waiting.appendleft((module, runs))
        else:
            self._waiting.append((module, runs))

    def _find(self, module: str) -> Module | None:
        """The module in the first of the folders that has its top level, a package before a folder of that name."""
        top = module.partition(".")[0]
        there = [folder for folder in self._folders if modules.find(top, folder)]
        with_code = [folder for folder in there if (found := modules.find(top, folder)) and found.file]
        return modules.find(module, (with_code or there)[0]) if there else None

    def _shown(self, file: Path) -> str:
        return file.relative_to(self._root).as_posix()


def _name(file: Path, start: Start) -> str | None:
    """The dotted name of the file that is started, as its relative imports count it; None for a script."""
    if start.module is None or file.name != "__main__.py":
        return start.module
    return start.module if start.module.endswith("__main__") else f"{start.module}.__main__"


def _prefixes(dotted: str) -> Iterator[str]:
    """`a.b.c` -> `a`, `a.b`, `a.b.c`."""
    parts = dotted.split(".")
    for count in range(1, len(parts) + 1):
        yield ".".join(parts[:count])
