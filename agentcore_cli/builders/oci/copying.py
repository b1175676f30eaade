"""What a COPY puts where: the files of the build context that it names, by their paths in the image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Final

from agentcore_cli.builders.images.context import Item
from agentcore_cli.builders.oci.dockerfile import Instruction

_WILD: Final = re.compile(r"[*?\[]")


def copied(
    instruction: Instruction, sources: list[str], target: str, items: Mapping[str, Item], *, is_folder: bool
) -> dict[str, Item]:
    """By the path behind `target`, "" for `target` itself. `is_folder`: something is there already, and is a folder.

    A folder's contents are copied, not itself. Raises InputError for a source that is not there.
    """
    found: dict[str, Item] = {}
    matched = [name for source in sources for name in _matching(instruction, source, items)]
    into = is_folder or target.endswith("/") or any(_is_folder(name, items) for name in matched)
    if len(matched) > 1 and not into:
        raise instruction.fault("several files go to one; end the target with /")
    for name in matched:
        if _is_folder(name, items):
            found |= _below(name, items)
        else:
            found[posixpath.basename(name) if into else ""] = items[name]
    return found


def _matching(instruction: Instruction, source: str, items: Mapping[str, Item]) -> list[str]:
    """The names in the context that a source stands for; "" is the context itself."""
    name = posixpath.normpath(f"/{source}").lstrip("/")
    if not _WILD.search(name):
        if name and name not in items and not _is_folder(name, items):
            raise instruction.fault(f"{source}: not among the files that go along (.dockerignore leaves some out)")
        return [name]
    pattern = re.compile(_regular(name))
    depth = name.count("/") + 1
    there = {"/".join(path.split("/")[:depth]) for path in items if path.count("/") + 1 >= depth}
    found = sorted(path for path in there if pattern.fullmatch(path))
    if not found:
        raise instruction.fault(f"{source}: nothing among the files that go along is called so")
    return found


def _is_folder(name: str, items: Mapping[str, Item]) -> bool:
    if not name:
        return True
    return (name in items and items[name].content is None) or any(path.startswith(f"{name}/") for path in items)


def _below(folder: str, items: Mapping[str, Item]) -> dict[str, Item]:
    inside = f"{folder}/" if folder else ""
    found = {path.removeprefix(inside): item for path, item in items.items() if path.startswith(inside)}
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
            pieces.append(f"[{inside.replace(chr(92), chr(92) * 2)}]")
            at = end
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            pieces.append(re.escape(pattern[at]))
        else:
            pieces.append({"*": "[^/]*", "?": "[^/]"}.get(char, re.escape(char)))
        at += 1
    return "".join(pieces)
