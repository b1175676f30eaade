"""Names in /etc/hosts that lead to this machine, for as long as the stage stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

HOSTS: Final = Path("/etc/hosts")
MARK: Final = "# agentcore-e2e"


def add(names: Mapping[str, str], hosts: Path = HOSTS) -> None:
    """Let each name lead to its address; lines that an earlier stage has left are replaced."""
    lines = [f"{address} {name} {MARK}" for name, address in names.items()]
    _write(hosts, [*_others(hosts), *lines])


def remove(hosts: Path = HOSTS) -> None:
    """Take every line of ours away again."""
    _write(hosts, _others(hosts))


def _others(hosts: Path) -> list[str]:
    return [line for line in hosts.read_text().splitlines() if not line.endswith(MARK)]


def _write(hosts: Path, lines: list[str]) -> None:
    # Written in place: inside a container /etc/hosts is a mount, which can't be replaced.
    hosts.write_text("".join(f"{line}\n" for line in lines))
