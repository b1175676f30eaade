"""From what a person typed as the entrypoint to the text that the config keeps."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Final

from agentcore_cli.config import Start, layout
from agentcore_cli.config.start import check_form
from agentcore_cli.errors import EntrypointError

FOUND_IN_FOLDERS: Final = ("agent.py", "app.py", "main.py", "__main__.py")


def locate(given: str, here: Path, root: Path) -> str:
    """The entrypoint as the config keeps it: a path relative to `root` with /, or `module:app` unchanged.

    `given` is relative to `here`; a folder stands for the one of agent.py, app.py, main.py and __main__.py that it has,
    the dotted name of a module for that module. Raises EntrypointError when nothing, or more than one thing, is meant.
    """
    path = (here / given).absolute()
    if not path.exists() and (module := _module(given, root)):
        return f"-m {module}"
    if path.is_dir():
        path = _only_one(path, given)
    elif ":" in given and not path.exists():
        return _checked_form(given)
    elif not path.exists():
        raise EntrypointError(f"{given}: there is no such file", hint=_instead(path))
    return _checked_form(_inside(path, given, root))


def _module(given: str, root: Path) -> str | None:
    """The module that is meant by `-m package.module` or by the name alone, if the project has it."""
    name = given.removeprefix("-m").strip()
    if not all(part.isidentifier() for part in name.split(".")) or name.endswith(".py"):
        return None
    if name == given and "." not in name:
        return None  # a file's name without its suffix: that is told
    file, _ = layout.of_module(root, name)
    return name if (root / file).is_file() else None


def source_of(start: Start, root: Path) -> Path:
    """The file that holds what is started: for `module:app` the module, or the package's `__init__.py`.

    Raises EntrypointError when the module is missing.
    """
    path = root / start.file
    if path.is_file() or start.attribute is None:
        return path
    raise EntrypointError(
        f"module {start.module} is missing: there is no {start.file} in {root}", hint=_instead(path, keep_suffix=False)
    )


def _only_one(folder: Path, given: str) -> Path:
    found = [name for name in FOUND_IN_FOLDERS if (folder / name).is_file()]
    if not found:
        raise EntrypointError(
            f"{given}: the folder has none of {', '.join(FOUND_IN_FOLDERS)}", hint="give the file: --entrypoint FILE"
        )
    if len(found) > 1:
        raise EntrypointError(
            f"{given}: the folder has {' and '.join(found)}", hint=f"choose one: --entrypoint {Path(given) / found[0]}"
        )
    return folder / found[0]


def _inside(path: Path, given: str, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise EntrypointError(
            f"{given} lies outside the project {root}", hint="run configure in the folder that holds the agent"
        ) from None


def _checked_form(entrypoint: str) -> str:
    check_form(entrypoint)
    return entrypoint


def _instead(path: Path, *, keep_suffix: bool = True) -> str:
    names = sorted(file.name if keep_suffix else file.stem for file in path.parent.glob("*.py"))
    if not names:
        return "give a Python file: --entrypoint FILE"
    close = difflib.get_close_matches(path.name if keep_suffix else path.stem, names, n=1)
    return f"did you mean {close[0]}?" if close else f"there is: {', '.join(names[:5])}"
