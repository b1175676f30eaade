"""JSON for scripts: one object, or one object per line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1


def plain(value: Any) -> Any:
    """`value` as JSON has it: dataclasses and structs become objects, paths text, bytes text or {"base64": …}."""
    if (names := _field_names(type(value))) is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return _text_or_base64(value)
    if isinstance(value, Path):
        return str(value)
    return value


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
    """One JSON object on one line, with its schema version first."""
    body = plain(value)
    head: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    if event is not None:
        head["event"] = event
    whole = head | (body if isinstance(body, dict) else {"value": body})
    text = json.dumps(whole, ensure_ascii=False)
    return text if _is_unicode(text) else json.dumps(whole)


def _is_unicode(text: str) -> bool:
    """Whether `text` can be encoded; half a surrogate pair, which JSON may escape, can't."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
