"""What git ignores, by every `.gitignore` from the top of the repository down (git's documentation, "gitignore").

Of the files on the way to a path the nearest one decides, in it the last line that matches. What lies in an ignored
folder is ignored, whatever is said of it further down. A line that is no pattern means nothing, as to git.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from agentcore_cli.builders.source.ignore import Ignore
from agentcore_cli.confines import require_in_repository
from agentcore_cli.errors import InputError

_FILE: Final = ".gitignore"


class GitIgnore:
    """For the paths, relative and with /, in the folder `root` of a project."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._above = list(self._folders_above())
        self._lines = cache(_Lines.of)
        self._ignored = cache(self._decide)

    def ignored_part(self, path: str, *, is_folder: bool = False) -> str | None:
        """The path itself, or the folder above it that is ignored with all that is in it; None: it is not ignored."""
        parts = path.split("/")
        for count in range(1, len(parts) + 1):
            part = "/".join(parts[:count])
            if self._ignored(part, count < len(parts) or is_folder):
                return part
        return None

    def _decide(self, path: str, is_folder: bool) -> bool:
        whole = self._root / path
        for folder in [*self._below(path), *self._above]:
            lines = self._lines(folder, self._root)
            said = lines.says(PurePosixPath(whole.relative_to(folder)).as_posix(), is_folder=is_folder)
            if said is not None:
                return said
        return False

    def _below(self, path: str) -> Iterator[Path]:
        for parent in PurePosixPath(path).parents:
            yield self._root / parent

    def _folders_above(self) -> Iterator[Path]:
        """Those up to the top of the repository; none where there is no repository."""
        above = list(self._root.parents)
        tops = [folder for folder in (self._root, *above) if (folder / ".git").exists()]
        if tops and tops[0] != self._root:
            yield from above[: above.index(tops[0]) + 1]


class _Lines:
    """One file. A pattern with a slash at its end is for folders alone."""

    def __init__(self, for_folders: Ignore, for_files: Ignore) -> None:
        self._for_folders = for_folders
        self._for_files = for_files

    @classmethod
    def of(cls, folder: Path, root: Path) -> _Lines:
        try:
            require_in_repository(folder / _FILE, root, _FILE)
            text = (folder / _FILE).read_text(encoding="utf-8-sig", errors="replace")
        except (OSError, InputError):
            text = ""
        lines = [line for line in map(str.rstrip, text.splitlines()) if line and not line.startswith("#")]
        lines = [line for line in lines if _is_pattern(line)]
        everything = Ignore.of(_as_docker(line) for line in lines)
        return cls(everything, Ignore.of(_as_docker(line) for line in lines if not line.endswith("/")))

    def says(self, path: str, *, is_folder: bool) -> bool | None:
        return (self._for_folders if is_folder else self._for_files).says(path)


def _is_pattern(line: str) -> bool:
    try:
        return bool(Ignore.of([_as_docker(line)]).patterns)
    except InputError:
        return False


def _as_docker(line: str) -> str:
    """Docker's pattern for git's: one without a slash, but at its end, is for names at any depth."""
    back = "!" if line.startswith("!") else ""
    pattern = line.removeprefix("!").rstrip("/")
    return back + (pattern if "/" in pattern else f"**/{pattern}")
