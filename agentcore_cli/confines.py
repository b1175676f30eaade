"""How far a project reaches. Its files are a stranger's until somebody deploys them: what a path in them leads to is
decided before it is opened, links included.

Files that are sent or shown (the code, the role's policy, a Dockerfile) lie in the project's folder. What the installer
resolves (a requirements file that another includes, a package by its path) may lie anywhere in the repository that
the project is a part of, as monorepos have it.
"""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from typing import Final

from agentcore_cli.errors import InputError

_DEPTH_OF_THE_SYSTEM: Final = 2  # parts of /etc, /opt, /srv
_REPOSITORY_MARKS: Final = (".git", ".hg", ".jj", ".svn")


def is_inside(path: Path, folder: Path) -> bool:
    """Whether `path`, which need not exist, lies in `folder` once all links are followed."""
    real, around = os.path.realpath(path), os.path.realpath(folder)
    return real == around or real.startswith(around.rstrip("/") + "/")


def require_inside(path: Path, folder: Path, shown: str) -> None:
    """Raise InputError unless `path` lies in the project's `folder` and is no device, pipe or socket."""
    if not is_inside(path, folder):
        raise InputError(
            f"{shown}: lies outside the project, at {os.path.realpath(path)}; it was not read",
            hint=f"copy it into {folder}",
        )
    require_plain(path, shown)


def require_in_repository(path: Path, folder: Path, shown: str) -> None:
    """As `require_inside`, for the whole repository that `folder` is a part of."""
    around = repository(folder)
    if not is_inside(path, around):
        what = "project" if around == folder else f"repository {around}"
        raise InputError(
            f"{shown}: lies outside the {what}, at {os.path.realpath(path)}; it was not read",
            hint=_way_in(os.path.realpath(path), os.path.realpath(around)),
        )
    require_plain(path, shown)


def _way_in(path: str, around: str) -> str:
    """The command that takes in what lies beside a project: their common folder said to be one repository."""
    common = os.path.commonpath([path, around])
    if _is_repository(Path(around)) or not _may_be_repository(common):
        return f"move it into {around}"
    return f"git init {shlex.quote(common)} makes one repository of both; or move it into {around}"


def _may_be_repository(folder: str) -> bool:
    """Whether it is the user's own alone, below home or apart from it, and no folder of the system's."""
    about = os.stat(folder)
    is_own = about.st_uid == os.geteuid() and not about.st_mode & stat.S_IWOTH
    return is_own and len(Path(folder).parts) > _DEPTH_OF_THE_SYSTEM and not _holds_home(folder)


def require_plain(path: Path, shown: str) -> None:
    """Raise InputError for what is neither a file nor a folder: to open it may wait for ever. Missing is fine."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):  # whoever opens it says why that can't be done
        return
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InputError(f"{shown}: neither a file nor a folder", hint="remove it")


def repository(folder: Path) -> Path:
    """The nearest folder from `folder` up that is a repository; `folder` itself where there is none.

    The user's home and what is above it count as none, even where dotfiles are kept in git: everything of the user's
    lies there.
    """
    for candidate in (folder, *folder.parents):
        if _holds_home(os.path.realpath(candidate)):
            break
        if _is_repository(candidate):
            return candidate
    return folder


def _is_repository(folder: Path) -> bool:
    return any((folder / mark).exists() for mark in _REPOSITORY_MARKS)


def _holds_home(real: str) -> bool:
    """Whether a real path is the user's home, or above it."""
    home = os.path.realpath(os.path.expanduser("~"))
    return home == real or home.startswith(real.rstrip("/") + "/")
