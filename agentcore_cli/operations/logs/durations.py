"""Spans of time as people write them."""

from __future__ import annotations

import re

from agentcore_cli.errors import InputError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def seconds(text: str, *, option: str) -> float:
    """`90`, `30s`, `10m`, `1h30m`, `2d` in seconds. Raises InputError that names `option`."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(rf"(?:{_PART.pattern})+", text):
        raise InputError(f"{option} {text!r}: not a span of time", hint=f"{option} 10m (s, m, h and d are understood)")
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
