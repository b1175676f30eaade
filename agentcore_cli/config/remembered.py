"""The config as it was last found whole, by its text's digest: a YAML parser takes a seventh of an `invoke` to import.

It is kept in the user's own folder, once that is there, and never in the project: what a checkout brings along would be
believed in place of the config that a person reads. It is safe to lose.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from agentcore_cli import __version__, documents, user_folder
from agentcore_cli.errors import AgentcoreError
from agentcore_cli.files import write_atomically

_FOLDER: Final = "configs"
_KEPT_MAX: Final = 200


def recall(text: bytes) -> Any:
    """The values that `text` was read as before, by this version, None if that isn't known."""
    try:
        root = user_folder.location()
        kept = documents.read(root / _FOLDER / _name(text))
        return kept["values"] if user_folder.fault(root) is None else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(text: bytes, values: Any) -> None:
    """Keep what `text` was read as, where the user has a folder for it."""
    root = user_folder.location()
    if not root.is_dir() or user_folder.fault(root) is not None:
        return
    try:
        write_atomically(root / _FOLDER / _name(text), json.dumps({"values": values}), mode=0o600)
        _forget_oldest(root / _FOLDER)
    except (AgentcoreError, OSError):
        return  # a folder that can't be written costs time and nothing else


def _forget_oldest(folder: Path) -> None:
    kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_KEPT_MAX:]:
        path.unlink(missing_ok=True)


def _name(text: bytes) -> str:
    return hashlib.sha256(__version__.encode() + b"\0" + text).hexdigest() + ".json"
