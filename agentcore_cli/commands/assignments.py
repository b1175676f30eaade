"""Options of the form NAME=VALUE."""

from __future__ import annotations

from collections.abc import Iterable

from agentcore_cli.errors import InputError


def assignments(pairs: Iterable[str] | None, option: str) -> dict[str, str]:
    """What was given with `option` as a mapping. Raises InputError for one without a name or a =."""
    made = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InputError(f"{option} {pair!r}: not of the form NAME=VALUE", hint=f"write {option} NAME=VALUE")
        made[name] = value
    return made
