"""Files of the project that hide a module of Python, or of a package, from the packages: `json.py` beside the agent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from agentcore_cli.config import Start
from agentcore_cli.operations.check.distributions import in_standard_library
from agentcore_cli.operations.check.findings import Finding

# What Python has loaded before it looks into an agent's folder, or nobody imports.
_NOT_MISSED: Final = frozenset({"abc", "codecs", "io", "os", "site", "stat", "test", "this", "antigravity", "__main__"})


def hidden_modules(
    root: Path, file: Path, start: Start, python: str, brought_as: Callable[[str], str | None]
) -> Iterator[Finding]:
    """A doubt about each such file; `brought_as` tells the distribution that is imported by a name.

    The packages may do without it, and local sessions may have loaded it by then, which a Python on AWS has not.
    """
    first = root if start.module else file.parent
    for folder in dict.fromkeys((first, *(root / place for place in start.path))):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            name = path.stem if path.suffix == ".py" else path.name
            if not (path.suffix == ".py" or (path / "__init__.py").is_file()) or not name.isidentifier():
                continue
            if hidden := _hidden(name, python, brought_as):
                problem = f"hides {hidden} from every package that imports it: rename it"
                yield Finding(path.relative_to(root).as_posix(), None, problem, certain=False)


def _hidden(name: str, python: str, brought_as: Callable[[str], str | None]) -> str | None:
    if in_standard_library(name, python):
        is_missed = name not in _NOT_MISSED.union(sys.builtin_module_names)
        return f"Python's own module {name}" if is_missed else None
    owner = brought_as(name)
    return f"the package {owner}" if owner else None
