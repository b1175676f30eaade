"""JSON for scripts: one object, or one object per line."""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMA_VERSION = 1


def plain(value: Any) -> Any:
    """`value` as JSON has it: dataclasses become objects, paths text, bytes text or {"base64": …}."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return _text_or_base64(value)
    if isinstance(value, Path):
        return str(value)
    return value


def _text_or_base64(value: bytes) -> str | dict[str, str]:
    try:
        return value.decode()
    except UnicodeDecodeError:
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
