"""A request against its shape: every broken constraint at once, in the service's words.

`1 validation error detected: Value 'a-b' at 'agentRuntimeName' failed to satisfy constraint: Member must satisfy
regular expression pattern: ...`. Lists count from 1, as in `entryPoint.2.member`. Sensitive values are not repeated.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from agentcore_cli.local.control.schema import (
    Boolean,
    Double,
    Integer,
    JsonDocument,
    List,
    Map,
    Shape,
    String,
    Structure,
    Timestamp,
    Union,
)
from agentcore_cli.local.http.wire import FieldFault, ServiceFault

_SHOWN_MAX: Final = 256  # characters of a bad value that an answer repeats
_MISSING: Final = "Member must not be null"
_TYPE_NAMES: Final[Mapping[type, tuple[type | tuple[type, ...], str]]] = {
    String: (str, "a string"),
    Integer: (int, "an integer"),
    Double: ((int, float), "a number"),
    Timestamp: ((int, float), "a timestamp"),
    JsonDocument: (object, "a document"),
    Boolean: (bool, "a boolean"),
    List: (list, "a list"),
    Map: (dict, "a map"),
    Structure: (dict, "a structure"),
    Union: (dict, "a structure"),
}


def validate(shape: Structure, value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` with its known members only. Raises ServiceFault (400) that names every constraint it breaks."""
    found = list(_members(shape, value, ""))
    if found:
        raise ServiceFault.constraints(found)
    return _known(shape, value)  # type: ignore[no-any-return]  # a structure's known members are a dict


def _faults(shape: Shape, value: Any, path: str) -> Iterator[FieldFault]:
    """What is wrong with a value that should have this shape."""
    if value is None:
        yield FieldFault(path, f"Value null at '{path}' failed to satisfy constraint: {_MISSING}")
        return
    for rule in _broken(shape, value):
        yield _fault(shape, value, path, rule)
    if _has_type(shape, value):
        yield from _inside(shape, value, path)


def _has_type(shape: Shape, value: Any) -> bool:
    if isinstance(value, bool):
        return isinstance(shape, Boolean | JsonDocument)
    return isinstance(value, _TYPE_NAMES[type(shape)][0])


def _broken(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints of the shape itself, not of what is inside."""
    if not _has_type(shape, value):
        yield f"Member must be {_TYPE_NAMES[type(shape)][1]}"
        return
    match shape:
        case String():
            yield from _broken_size("length", len(value), shape.minimum, shape.maximum)
            if shape.pattern and not _compiled(shape.pattern).fullmatch(_as_far_as_it_may_go(shape, value)):
                yield f"Member must satisfy regular expression pattern: {shape.pattern}"
            if shape.values and value not in shape.values:
                yield f"Member must satisfy enum value set: [{', '.join(shape.values)}]"
        case Integer():
            yield from _broken_size("value", value, shape.minimum, shape.maximum)
        case List() | Map():
            yield from _broken_size("length", len(value), shape.minimum, shape.maximum)
        case Double() | Timestamp():
            if not abs(value) <= sys.float_info.max:
                yield "Member must be finite"
        case Union():
            if sum(value.get(name) is not None for name in shape.members) != 1:
                yield f"Member must have exactly one member set of: [{', '.join(shape.members)}]"


def _broken_size(what: str, size: int, minimum: int | None, maximum: int | None) -> Iterator[str]:
    if minimum is not None and size < minimum:
        yield f"Member must have {what} greater than or equal to {minimum}"
    if maximum is not None and size > maximum:
        yield f"Member must have {what} less than or equal to {maximum}"


def _inside(shape: Shape, value: Any, path: str) -> Iterator[FieldFault]:
    match shape:
        case List():
            for number, member in enumerate(value, start=1):
                yield from _faults(shape.member, member, f"{path}.{number}.member")
        case Map():
            for key, entry in value.items():
                yield from _entry(shape, path, "keys", shape.key, key)
                yield from _entry(shape, path, "value", shape.value, entry)
        case Structure() | Union():
            yield from _members(shape, value, f"{path}.")


def _members(shape: Structure | Union, value: Mapping[str, Any], prefix: str) -> Iterator[FieldFault]:
    required = shape.required if isinstance(shape, Structure) else ()
    for name, member in shape.members.items():
        if value.get(name) is not None or name in required:
            yield from _faults(member, value.get(name), prefix + name)


def _as_far_as_it_may_go(shape: String, value: str) -> str:
    """What is too long anyway is not matched to its end: some of the model's patterns take quadratic time."""
    return value if shape.maximum is None else value[: shape.maximum + 1]


def _entry(shape: Map, path: str, which: str, part: Shape, value: Any) -> Iterator[FieldFault]:
    """The service reports a map's keys and values at the map itself, but what is inside a value at its own place."""
    if isinstance(part, Structure | Union) and isinstance(value, dict):
        yield from _faults(part, value, f"{path}.value")
        return
    rules = [_MISSING] if value is None else list(_broken(part, value))
    if rules:
        yield _fault(shape, value, path, f"Map {which} must satisfy constraint: [{', '.join(rules)}]")


def _fault(shape: Shape, value: Any, path: str, rule: str) -> FieldFault:
    sensitive = isinstance(shape, String | Map | Structure) and shape.sensitive
    shown = "" if sensitive or isinstance(value, list | dict) else f" '{_shown(value)}'"
    return FieldFault(path, f"Value{shown} at '{path}' failed to satisfy constraint: {rule}")


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "..."


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """ASCII: the service's `\\d` and `\\s` know no other digits and blanks."""
    return re.compile(pattern, re.ASCII)


def _known(shape: Shape, value: Any) -> Any:
    """The value without the members that its shape does not name, and without nulls."""
    match shape:
        case Structure() | Union():
            return {
                name: _known(member, value[name])
                for name, member in shape.members.items()
                if value.get(name) is not None
            }
        case List():
            return [_known(shape.member, member) for member in value]
        case Map(value=Structure() | Union() as part):
            return {key: _known(part, entry) for key, entry in value.items()}
    return value
