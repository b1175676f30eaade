"""Files of the project that hide a module of Python itself, from the packages too: `json.py` beside the agent."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agentcore_cli.config import Start
from agentcore_cli.operations.check.distributions import in_standard_library
from agentcore_cli.operations.check.findings import Finding

# What Python has loaded before it looks into an agent's folder, or nobody imports.
_NOT_MISSED: Final = frozenset({"abc", "codecs", "io", "os", "site", "stat", "test", "this", "antigravity", "__main__"})


def hidden_standard_library(root: Path, file: Path, start: Start, python: str) -> Iterator[Finding]:
    """A doubt about each such file: local sessions may have loaded the module by then, a Python on AWS has not."""
    first = root if start.module else file.parent
    for folder in dict.fromkeys((first, *(root / place for place in start.path))):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            name = path.stem if path.suffix == ".py" else path.name
            is_module = path.suffix == ".py" or (path / "__init__.py").is_file()
            if (
                is_module
                and name not in _NOT_MISSED.union(sys.builtin_module_names)
                and in_standard_library(name, python)
            ):
                problem = f"hides Python's own module {name} from every package that imports it: rename it"
                yield Finding(path.relative_to(root).as_posix(), None, problem, certain=False)
