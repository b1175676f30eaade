"""What this user has agreed to, in the user's own folder: `trusted.json`, where no checkout can write.

A project's config may be somebody else's. Before an address that it names gets real credentials, the person has agreed
to that address once. Safe to lose: then the question is put again. On the fast path of `invoke` only where a config
names an address.
"""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from agentcore_cli import documents, user_folder
from agentcore_cli.errors import AgentcoreError

FILE: Final = "trusted.json"
_PORTS: Final = {"http": 80, "https": 443}

Kind = Literal["addresses", "projects"]


def origin(url: str) -> str:
    """Scheme, host and port of a URL, written one way: what is agreed to holds for every path there.

    Raises ValueError for what is no http(s) URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{url}: no http or https URL")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine, by what it says: no name is looked up but `localhost`."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Trust:
    """The agreements kept below `root`. Making one reads nothing."""

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or user_folder.location()

    @property
    def path(self) -> Path:
        return self._root / FILE

    def has(self, kind: Kind, name: str) -> bool:
        return name in self._read()[kind]

    def add(self, kind: Kind, name: str) -> None:
        """Keep an agreement. Where that can't be, it holds for this command, and the question is put again."""
        from agentcore_cli import files

        kept = self._read()
        if name in kept[kind]:
            return
        kept[kind] = [*kept[kind], name]
        try:
            if user_folder.fault(self._root) is None:
                user_folder.make(self._root)
                files.write_atomically(self.path, json.dumps({"version": 1, **kept}, indent=1) + "\n", mode=0o600)
        except (AgentcoreError, OSError):
            return

    def _read(self) -> dict[Kind, list[str]]:
        """Nothing was agreed to where the folder is not ours, or the file does not hold what is written here."""
        kept: dict[Kind, list[str]] = {"addresses": [], "projects": []}
        try:
            found: Any = documents.read(self.path) if user_folder.fault(self._root) is None else {}
        except (OSError, ValueError):
            return kept
        if isinstance(found, dict):
            for kind in kept:
                names = found.get(kind)
                kept[kind] = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        return kept
