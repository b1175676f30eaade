"""JSON for scripts: one object, or one object per line."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agentcore_cli.ui.terminal import steers

SCHEMA_VERSION = 1


def plain(value: Any) -> Any:
    """What JSON has for it, one level deep: dataclasses and structs are objects, paths text, bytes text or
    {"base64": …}. What agents answered is JSON already, and may be nested deeper than this could follow.
    """
    if (names := _field_names(type(value))) is not None:
        return {name: getattr(value, name) for name in names}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, bytes):
        return _text_or_base64(value)
    if isinstance(value, Path):
        return str(value)
    return value


def _finite(value: Any) -> Any:
    """`value`, which JSON has, with NaN and infinities, which Python's agents may answer, as text: JSON has none."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def _field_names(kind: type) -> tuple[str, ...] | None:
    """Of a dataclass or a msgspec Struct; the latter are asked for theirs without loading msgspec."""
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    return getattr(kind, "__struct_fields__", None)


def _text_or_base64(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
        import base64

        return {"base64": base64.b64encode(value).decode()}


def line(value: Any, *, event: str | None = None) -> str:
    """One JSON object on one line, with its schema version first. What steers a terminal is escaped."""
    body = plain(value)
    head: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    if event is not None:
        head["event"] = event
    whole = head | (body if isinstance(body, dict) else {"value": body})
    text = _encoded(whole)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _encoded(whole: dict[str, Any]) -> str:
    try:
        return json.dumps(whole, ensure_ascii=False, default=plain, allow_nan=False)
    except ValueError:
        read = json.loads(json.dumps(whole, default=plain))
        return json.dumps(_finite(read), ensure_ascii=False)


def _escaped(character: str) -> str:
    """A character of JSON: outside of strings none has to be escaped, and inside any may be."""
    return json.dumps(character)[1:-1] if steers(character) else character
