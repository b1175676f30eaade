"""Every fault of a value that does not fit the schema, in words. Imported only when something is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import inspect

from agentcore_cli.config.faults import ConfigFault, Key

_EXAMPLES = {"version": "; write version: 1", "project": "; write a name of your own, such as support-3f9a1c"}


def explain(value: Any, schema: type) -> list[ConfigFault]:
    """All faults of `value`, which was read from YAML, against a msgspec type."""
    return list(_faults(value, inspect.type_info(schema), (), {}))


def _faults(value: Any, wanted: inspect.Type, path: tuple[Key, ...], extra: dict[str, Any]) -> Iterator[ConfigFault]:
    if isinstance(wanted, inspect.Metadata):
        yield from _faults(value, wanted.type, path, extra | (wanted.extra or {}))
    elif isinstance(wanted, inspect.UnionType):
        if value is not None:
            yield from _faults(value, _meant(value, wanted), path, extra)
    elif isinstance(wanted, inspect.LiteralType):
        yield from _literal_faults(value, wanted, path)
    elif isinstance(wanted, inspect.StructType):
        yield from _struct_faults(value, wanted, path)
    elif isinstance(wanted, inspect.DictType):
        yield from _dict_faults(value, wanted, path)
    elif isinstance(wanted, inspect.VarTupleType):
        yield from _list_faults(value, wanted, path)
    else:
        yield from _scalar_faults(value, wanted, path, extra)


def _meant(value: Any, wanted: inspect.UnionType) -> inspect.Type:
    """The alternative that `value` was meant as: a mapping as the one with keys, anything else as the first."""
    kinds = [kind for kind in wanted.types if not isinstance(kind, inspect.NoneType)]
    with_keys = (kind for kind in kinds if isinstance(kind, inspect.StructType))
    return next(with_keys, kinds[0]) if isinstance(value, dict) else kinds[0]


def _struct_faults(value: Any, wanted: inspect.StructType, path: tuple[Key, ...]) -> Iterator[ConfigFault]:
    if not isinstance(value, dict):
        yield _wrong_type(value, "a mapping", path)
        return
    fields = {field.name: field for field in wanted.fields}
    meant = set()
    for key, item in value.items():
        if key in fields:
            yield from _faults(item, fields[key].type, (*path, key), {})
        else:
            close = difflib.get_close_matches(str(key).lower().replace("-", "_"), list(fields), n=1)
            meant.update(close)
            yield ConfigFault((*path, str(key)), "unknown key; " + _suggestion(close, fields))
    for name, field in fields.items():
        if field.required and name not in value and name not in meant:
            yield ConfigFault((*path, name), "missing" + _EXAMPLES.get(name, ""))


def _dict_faults(value: Any, wanted: inspect.DictType, path: tuple[Key, ...]) -> Iterator[ConfigFault]:
    if not isinstance(value, dict):
        yield _wrong_type(value, "a mapping", path)
        return
    yield from _length_faults(value, wanted, path, "entries")
    for key, item in value.items():
        if not isinstance(key, str):
            yield ConfigFault((*path, str(key)), "YAML takes this key for another type than a string; put it in quotes")
            continue
        yield from _faults(key, wanted.key_type, (*path, key), {})
        yield from _faults(item, wanted.value_type, (*path, key), {})


def _list_faults(value: Any, wanted: inspect.VarTupleType, path: tuple[Key, ...]) -> Iterator[ConfigFault]:
    if not isinstance(value, list):
        yield _wrong_type(value, "a list", path)
        return
    yield from _length_faults(value, wanted, path, "entries")
    for index, item in enumerate(value):
        yield from _faults(item, wanted.item_type, (*path, index), {})


def _literal_faults(value: Any, wanted: inspect.LiteralType, path: tuple[Key, ...]) -> Iterator[ConfigFault]:
    if value in wanted.values and not isinstance(value, bool):
        return
    values = {str(known).lower(): str(known) for known in wanted.values}
    close = difflib.get_close_matches(str(value).lower(), list(values), n=1)
    expected = f"none of {', '.join(values.values())}" if len(values) > 1 else f"not {next(iter(values))}"
    hint = f"; did you mean {values[close[0]]}?" if close and len(values) > 1 else ""
    yield ConfigFault(path, f"{_written(value)} is {expected}{hint}")


def _scalar_faults(
    value: Any, wanted: inspect.Type, path: tuple[Key, ...], extra: dict[str, Any]
) -> Iterator[ConfigFault]:
    if isinstance(wanted, inspect.StrType):
        yield from _string_faults(value, wanted, path, extra)
    elif isinstance(wanted, inspect.IntType):
        yield from _number_faults(value, wanted, path, extra)
    elif isinstance(wanted, inspect.BoolType) and not isinstance(value, bool):
        yield _wrong_type(value, "true or false", path)


def _string_faults(
    value: Any, wanted: inspect.StrType, path: tuple[Key, ...], extra: dict[str, Any]
) -> Iterator[ConfigFault]:
    if not isinstance(value, str):
        yield _wrong_type(value, "a string", path)
    elif wanted.pattern and not re.search(wanted.pattern, value):
        yield ConfigFault(path, f"{_written(value)} is not {extra['rule']}" if "rule" in extra else "has a wrong form")
    else:
        yield from _length_faults(value, wanted, path, "characters")


def _number_faults(
    value: Any, wanted: inspect.IntType, path: tuple[Key, ...], extra: dict[str, Any]
) -> Iterator[ConfigFault]:
    unit = f" ({extra['unit']})" if "unit" in extra else ""
    if not isinstance(value, int) or isinstance(value, bool):
        yield _wrong_type(value, "a whole number", path)
    elif wanted.ge is not None and value < wanted.ge:
        yield ConfigFault(path, f"{value} is below {wanted.ge}{unit}")
    elif wanted.le is not None and value > wanted.le:
        yield ConfigFault(path, f"{value} is above {wanted.le}{unit}")


def _length_faults(value: Any, wanted: Any, path: tuple[Key, ...], unit: str) -> Iterator[ConfigFault]:
    if wanted.min_length is not None and len(value) < wanted.min_length:
        yield ConfigFault(path, f"empty; at least {wanted.min_length} needed")
    elif wanted.max_length is not None and len(value) > wanted.max_length:
        yield ConfigFault(path, f"{len(value)} {unit}, at most {wanted.max_length} are allowed")


def _wrong_type(value: Any, expected: str, path: tuple[Key, ...]) -> ConfigFault:
    if value is None:
        return ConfigFault(path, f"nothing is given, expected {expected}")
    if isinstance(value, (dict, list)):
        return ConfigFault(path, f"{'a mapping' if isinstance(value, dict) else 'a list'}, expected {expected}")
    quote = f'; put it in quotes: "{_written(value)}"' if expected == "a string" else ""
    return ConfigFault(path, f"{_written(value)} is not {expected}{quote}")


def _written(value: Any) -> str:
    """A scalar as YAML writes it, a long one shortened."""
    if isinstance(value, str):
        return repr(value) if len(value) <= 60 else repr(value[:57] + "...")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _suggestion(close: list[str], known: Iterable[str]) -> str:
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
