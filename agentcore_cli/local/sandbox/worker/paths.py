"""Following a path without trusting it: each step is opened from the one before, links are read, never followed.

What comes out is what must be made elsewhere so that the same path leads to the same thing: the links on the way, and
at the end a descriptor. Nobody can put something else in its place between the look and the use.
"""

import os
import stat
from typing import NamedTuple

_LINKS_MAX = 40  # as the kernel has it


class Traced(NamedTuple):
    """Where a path leads: `links` (path and target of each, in order), the `place` without links, open."""

    links: "tuple[tuple[str, str], ...]"
    place: str
    descriptor: int
    """O_PATH; the caller closes it."""
    is_folder: bool


def trace(path: str) -> "Traced | None":
    """Follow an absolute path. None when nothing is there, or it may not be looked at."""
    try:
        return _trace(path)
    except OSError:
        return None


def _trace(path: str) -> "Traced":
    links: list[tuple[str, str]] = []
    waiting = _names(path)
    stack = [("/", os.open("/", os.O_PATH | os.O_CLOEXEC))]
    try:
        while waiting:
            name = waiting.pop(0)
            if name == "..":
                if len(stack) > 1:
                    os.close(stack.pop()[1])
                continue
            here, descriptor = stack[-1]
            below = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            stack.append((os.path.join(here, name), below))
            if stat.S_ISLNK(os.fstat(below).st_mode):
                target = os.readlink("", dir_fd=below)
                links.append((stack[-1][0], target))
                if len(links) > _LINKS_MAX:
                    raise OSError("too many links")
                os.close(stack.pop()[1])
                while target.startswith("/") and len(stack) > 1:
                    os.close(stack.pop()[1])
                waiting = _names(target) + waiting
        place, descriptor = stack.pop()
    finally:
        for _, opened in stack:
            os.close(opened)
    return Traced(tuple(links), place, descriptor, stat.S_ISDIR(os.fstat(descriptor).st_mode))


def _names(path: str) -> "list[str]":
    return [name for name in path.split("/") if name not in ("", ".")]


def is_below(path: str, folder: str) -> bool:
    """Whether `path` lies inside `folder` (and is not `folder` itself)."""
    return path != folder and os.path.commonpath([path, folder]) == folder


def is_in(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or lies inside it."""
    return os.path.commonpath([path, folder]) == folder
