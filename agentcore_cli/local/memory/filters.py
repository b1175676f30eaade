"""Filters on metadata as SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def of_events(expressions: Sequence[Mapping[str, Any]]) -> tuple[str, list[Any]]:
    """A condition to be added to others, and its values: all of the expressions hold."""
    condition, values = "", list[Any]()
    for expression in expressions:
        path = f'$."{expression["left"]["metadataKey"]}".stringValue'  # the key's pattern has no quote in it
        match expression["operator"]:
            case "EXISTS":
                condition += " AND json_extract(metadata, ?) IS NOT NULL"
                values.append(path)
            case "NOT_EXISTS":
                condition += " AND json_extract(metadata, ?) IS NULL"
                values.append(path)
            case _:
                condition += " AND json_extract(metadata, ?) = ?"
                values += [path, expression["right"]["metadataValue"]["stringValue"]]
    return condition, values
