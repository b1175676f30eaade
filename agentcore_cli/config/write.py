"""Change the config's text and keep everything else of it: comments, order, quotes, other agents.

ruamel.yaml takes long to import, so nothing that only reads the config imports this module.
"""

from __future__ import annotations

import io
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

ABSENT: Final = object()  # as the value of a Change: the key is removed
_LINE_MAX = 4096  # never fold a long line


@dataclass(frozen=True, slots=True)
class Edit:
    """Set the key that `path` leads to, or remove it; what is missing on the way is made."""

    path: tuple[str, ...]
    value: object


def changed(text: str, changes: Iterable[Edit]) -> str:
    """`text`, which must be valid YAML with a mapping at the top, with the changes made."""
    yaml = _round_trip(text)
    document = yaml.load(text)
    for change in changes:
        _set(document, change)
    stream = io.StringIO()
    yaml.dump(document, stream)
    return stream.getvalue()


def new_project_id(folder: str) -> str:
    """`<folder>-<6 hex>`: who owns what is deployed from here. Written once, never derived again."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder).strip("-._")[:64] or "project"
    return f"{name}-{secrets.token_hex(3)}"


def _round_trip(text: str) -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _LINE_MAX
    yaml.explicit_start = text.startswith("---")
    step = _indent(text)
    listed = re.search(r"^( *)\S.*:\n+( *)- ", text, re.MULTILINE)
    offset = max(0, len(listed[2]) - len(listed[1])) if listed else step
    yaml.indent(mapping=step, sequence=offset + 2, offset=offset)
    return yaml


def _indent(text: str) -> int:
    """By how many blanks the text indents."""
    first = re.search(r"^( +)[^\s#-]", text, re.MULTILINE)
    return len(first[1]) if first else 2


def _set(document: Any, change: Edit) -> None:
    node = document
    for key in change.path[:-1]:
        if not isinstance(node.get(key), dict):
            node[key] = CommentedMap()
        node = node[key]
    if change.value is ABSENT:
        node.pop(change.path[-1], None)
    else:
        node[change.path[-1]] = _as_yaml(change.value)


def _as_yaml(value: object) -> Any:
    """Plain values in the form they are written in: mappings and lists on one line, versions in quotes."""
    if isinstance(value, dict):
        mapping = CommentedMap((key, _as_yaml(item)) for key, item in value.items())
        mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, (list, tuple)):
        sequence = CommentedSeq(_as_yaml(item) for item in value)
        sequence.fa.set_flow_style()
        return sequence
    if isinstance(value, str) and re.fullmatch(r"[-+\d._:]+|(?i:true|false|null|yes|no|on|off|y|n|~)", value):
        return DoubleQuotedScalarString(value)
    return value
