"""The config as it was last found whole, by its text's digest: a YAML parser takes a seventh of an `invoke` to import.

It is kept beside the state, `.agentcore/config.cache`, once that folder is there, and is safe to lose.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from agentcore_cli import __version__
from agentcore_cli.files import write_atomically

_FILE: Final = Path(".agentcore", "config.cache")  # not .json: those are the states of targets


def recall(root: Path, text: bytes) -> Any:
    """The values that `text` was read as before, None if that isn't known."""
    try:
        kept = json.loads((root / _FILE).read_bytes())
        return kept["values"] if kept["digest"] == _digest(text) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(root: Path, text: bytes, values: Any) -> None:
    """Keep what `text` was read as, where a deploy has made a folder for it."""
    if not (root / _FILE).parent.is_dir():
        return
    try:
        write_atomically(root / _FILE, json.dumps({"digest": _digest(text), "values": values}), mode=0o600)
    except OSError:
        return  # a folder that can't be written costs time and nothing else


def _digest(text: bytes) -> str:
    return hashlib.sha256(__version__.encode() + b"\0" + text).hexdigest()
