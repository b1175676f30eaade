"""YAML text as plain values that remember the line they stand on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import yaml

from agentcore_cli.config.faults import ConfigFault, Key
from agentcore_cli.errors import ConfigError

_DEPTH_MAX: Final = 50
_VALUES_MAX: Final = 100_000

# The C parser reads a config in a tenth of the time; PyYAML is installed without it where libyaml is missing.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Parser):  # type: ignore[misc]
    """YAML with the plain scalars that a config needs: null, true and false, whole numbers; all else is a string.

    So `python: 3.10` is no number 3.1, `on` no truth value, `012345678901` no octal and `2026-11-22` no date.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own way to set them for a class


for _tag, _plain, _first in (
    ("null", r"(~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)\Z", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)\Z", list("-+0123456789")),
    ("merge", r"<<\Z", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_plain), _first)


@dataclass(frozen=True, slots=True)
class Document:
    """The value of a YAML text, the node tree it was made from, and the keys that were given twice."""

    value: Any
    root: yaml.Node | None
    duplicates: tuple[ConfigFault, ...]

    def line(self, path: tuple[Key, ...]) -> int:
        """The line (from 1) of a key, or of the nearest thing around it that is there."""
        node, line = self.root, 1
        for key in path:
            step = _child(node, key)
            if step is None:
                break
            node, line = step
        return line


def read(text: str, shown: str) -> Document:
    """Parse `text`. Raises ConfigError with `shown`, line, column and the line's text where it is not YAML."""
    try:
        require_bounded(text, shown)
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            duplicates = tuple(_duplicates(root)) if root is not None else ()
            value = loader.construct_document(root) if root is not None else None
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _not_yaml(error, text, shown) from error
    except (ValueError, RecursionError) as error:  # `!!int x`; nesting without end
        raise ConfigError(f"{shown}: not readable as YAML: {error}") from error
    return Document(value, root, duplicates)


def require_bounded(text: str, shown: str) -> None:
    """Raise ConfigError for a text that is nested deeper, or is larger once its aliases are written out, than any
    config: libyaml's loader crashes on the one, and the other ("billion laughs") takes all memory.

    Raises yaml.YAMLError where it is no YAML.
    """
    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []  # the anchor of each collection and how much it holds so far
    for event in yaml.parse(text, Loader=_Parser):
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, 1))
            if len(open_) > _DEPTH_MAX:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise ConfigError(f"{shown}:{line}: nested deeper than {_DEPTH_MAX} levels, which no config is")
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_.pop()
        elif isinstance(event, yaml.AliasEvent):
            anchor, size = None, sizes.get(event.anchor or "", 1)
        elif isinstance(event, yaml.ScalarEvent):
            anchor, size = event.anchor, 1
        else:
            continue
        if anchor is not None:
            sizes[anchor] = size
        if open_:
            open_[-1] = (open_[-1][0], open_[-1][1] + size)
            if open_[-1][1] > _VALUES_MAX:
                raise ConfigError(f"{shown}: holds more than {_VALUES_MAX} values once its aliases are written out")


def _child(node: yaml.Node | None, key: Key) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        item = node.value[key]
        return item, item.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == str(key):
                return value, name.start_mark.line + 1
    return None


def _duplicates(root: yaml.Node) -> list[ConfigFault]:
    """Keys given twice in one mapping. An aliased node is looked at once, so that a loop ends."""
    found: list[ConfigFault] = []
    seen: set[int] = set()
    waiting: list[tuple[tuple[Key, ...], yaml.Node]] = [((), root)]
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [((*path, index), item) for index, item in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            found += _twice(path, node)
            waiting += [((*path, _text(name)), value) for name, value in node.value]
    return found


def _twice(path: tuple[Key, ...], node: yaml.MappingNode) -> list[ConfigFault]:
    first: dict[str, int] = {}
    found = []
    for name, _ in node.value:
        key, line = _text(name), name.start_mark.line + 1
        if key in first:
            found.append(ConfigFault((*path, key), f"given twice, first on line {first[key]}", line))
        first.setdefault(key, line)
    return found


def _text(name: yaml.Node) -> str:
    return name.value if isinstance(name, yaml.ScalarNode) else "?"


def _not_yaml(error: yaml.YAMLError, text: str, shown: str) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return ConfigError(f"{shown}: not YAML: {str(error).splitlines()[0]}")
    lines = text.splitlines()
    where = f"{shown}:{mark.line + 1}:{mark.column + 1}"
    problem = getattr(error, "problem", None) or "not YAML"
    source = lines[mark.line].strip() if mark.line < len(lines) else "(end of the file)"
    return ConfigError(f"{where}: not YAML: {problem}\n  {source}", hint="indent with blanks and close what is opened")
