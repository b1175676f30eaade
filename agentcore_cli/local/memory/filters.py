"""Filters as SQL: conditions to be added to others, each with its values. All that is asked has to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

Condition = tuple[str, list[Any]]

_COMPARED: Final = {
    "BEFORE": "<",
    "AFTER": ">",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUALS": "<=",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUALS": ">=",
}


def of_metadata(expressions: Sequence[Mapping[str, Any]]) -> Condition:
    """A value is compared with one of its own type, and equals none of another."""
    parts = [_holds(expression) for expression in expressions]
    return "".join(text for text, _ in parts), [value for _, values in parts for value in values]


def of_namespaces(members: Mapping[str, Any]) -> Condition:
    """`namespace` is that one; `namespacePath` is all that lies under it, itself included."""
    if "namespace" in members:
        return " AND namespace = ?", [members["namespace"]]
    path = members["namespacePath"].rstrip("/")
    if not path:
        return "", []
    return " AND (namespace = ? OR (namespace >= ? AND namespace < ?))", [path, f"{path}/", f"{path}0"]  # 0 follows /


def _holds(expression: Mapping[str, Any]) -> Condition:
    whole = f'$."{expression["left"]["metadataKey"]}"'  # the key's pattern has no quote in it
    operator = expression["operator"]
    if operator == "EXISTS":
        return " AND json_extract(metadata, ?) IS NOT NULL", [whole]
    if operator == "NOT_EXISTS":
        return " AND json_extract(metadata, ?) IS NULL", [whole]
    [(kind, value)] = expression["right"]["metadataValue"].items()
    if operator == "CONTAINS":
        return (
            " AND (EXISTS (SELECT 1 FROM json_each(metadata, ?) WHERE json_each.value = ?)"
            " OR instr(json_extract(metadata, ?), ?))",
            [f"{whole}.stringListValue", value, f"{whole}.stringValue", value],
        )
    if isinstance(value, list):
        value = msgspec.json.encode(value).decode()
    elif not isinstance(value, str):
        value = float(value)
    return f" AND json_extract(metadata, ?) {_COMPARED.get(operator, '=')} ?", [f"{whole}.{kind}", value]
