"""What a COPY puts where: the files of the build context that it names, by their paths in the image."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import islice, takewhile
from typing import Final

from agentcore_cli.builders.images.context import Item
from agentcore_cli.builders.oci.dockerfile import Instruction

_WILD: Final = re.compile(r"[*?\[]")
_SET_SPECIAL: Final = re.compile(r"[\[\\&~|]")  # what a set of Python's gives a meaning that one of Go's does not


def copied(
    instruction: Instruction, sources: list[str], target: str, items: Mapping[str, Item], *, is_folder: bool
) -> dict[str, Item]:
    """By the path behind `target`, "" for `target` itself. `is_folder`: something is there already, and is a folder.

    A folder's contents are copied, not itself. Raises InputError for a source that is not there.
    """
    found: dict[str, Item] = {}
    names, folders = sorted(items), _folders(items)
    matched = [name for source in sources for name in _matching(instruction, source, names, folders)]
    into = is_folder or target.endswith("/") or not folders.isdisjoint(matched)
    if len(matched) > 1 and not into:
        raise instruction.fault("several files go to one; end the target with /")
    for name in matched:
        if name in folders:
            found |= _below(name, items, names)
        else:
            found[posixpath.basename(name) if into else ""] = items[name]
    return found


def _matching(instruction: Instruction, source: str, names: Sequence[str], folders: Set[str]) -> list[str]:
    """The names in the context that a source stands for; "" is the context itself."""
    name = posixpath.normpath(f"/{source}").lstrip("/")
    if not _WILD.search(name):
        if name not in folders and not _has(names, name):
            raise instruction.fault(f"{source}: not among the files that go along (.dockerignore leaves some out)")
        return [name]
    pattern = re.compile(_regular(name))
    depth = name.count("/") + 1
    there = {"/".join(path.split("/")[:depth]) for path in names if path.count("/") + 1 >= depth}
    found = sorted(path for path in there if pattern.fullmatch(path))
    if not found:
        raise instruction.fault(f"{source}: nothing among the files that go along is called so")
    return found


def _has(names: Sequence[str], name: str) -> bool:
    at = bisect_left(names, name)
    return names[at : at + 1] == [name]


def _folders(items: Mapping[str, Item]) -> Set[str]:
    """Those of the context, "" for itself."""
    named = {name for name, item in items.items() if item.content is None}
    return {"", *named, *folders_above(items)}


def _below(folder: str, items: Mapping[str, Item], names: Sequence[str]) -> dict[str, Item]:
    """By the paths behind the folder; `names` are those of the items, in order."""
    inside = f"{folder}/" if folder else ""
    there = takewhile(lambda path: path.startswith(inside), islice(names, bisect_left(names, inside), None))
    found = {path.removeprefix(inside): items[path] for path in there}
    return {"": Item(None)} | dict.fromkeys(folders_above(found), Item(None)) | found


def folders_above(paths: Iterable[str]) -> list[str]:
    """Every folder on the way to these paths."""
    parts = [path.split("/") for path in paths]
    return sorted({"/".join(each[:count]) for each in parts for count in range(1, len(each))})


def _regular(pattern: str) -> str:
    """Go's filepath.Match as a regular expression: neither * nor ? takes a slash."""
    pieces, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        end = pattern.find("]", at + 2) if char == "[" else -1
        if end > 0:
            inside = pattern[at + 1 : end]
            pieces.append("[" + _SET_SPECIAL.sub(r"\\\g<0>", inside) + "]")
            at = end
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            pieces.append(re.escape(pattern[at]))
        else:
            pieces.append({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)))
        at += 1
    return "".join(pieces)
