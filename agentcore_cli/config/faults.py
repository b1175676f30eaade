"""Faults of a config: where, what is wrong, and on which line if that is known."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from agentcore_cli.errors import ConfigError

Key = str | int


class ConfigFault(Struct, frozen=True):
    """`path` leads to the key; `line` is set where the path alone does not tell it."""

    path: tuple[Key, ...]
    problem: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.problem}" if self.path else self.problem


def dotted(path: Iterable[Key]) -> str:
    """`agents.bot.network.subnets[1]`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def config_error(lines: Iterable[str]) -> ConfigError:
    """One error for all faults, a line each."""
    return ConfigError("\n".join(lines))
