"""The tool's folder of the user, outside every project: what no checkout may bring along is kept there.

It is `$AGENTCORE_HOME`, else `$XDG_STATE_HOME/agentcore`, else `~/.local/state/agentcore`. A folder that somebody else
made for something else is never taken: it is known by its marker, or by holding nothing but what is ours. On the fast
path of `invoke`: standard library only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MARKER: Final = ".agentcore-home"
_MARKER_TEXT: Final = "This folder belongs to agentcore: it is readable by its owner alone and safe to remove.\n"
# What versions that made no marker have put there.
_OURS: Final = frozenset(
    {
        *("artifacts", "snapshots", "environments", "packages", "sessions", "run", "logs", "learned", "sandbox"),
        *("archives", "layers"),
        *("server.json", "server.log", "server.lock", "start.lock", "runtime.db", "runtime.db-wal", "runtime.db-shm"),
        *("control-groups", "containers", "configs", "trusted.json", ".writable", MARKER),
    }
)


def home_of(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's home. An account that has none (`docker run --user 1000`) gets Debian's name for that."""
    place = environ.get("HOME") or os.path.expanduser("~")
    return Path(place if os.path.isabs(place) else "/nonexistent")


def location() -> Path:
    """Where it is, whether it is there or not."""
    if explicit := os.environ.get("AGENTCORE_HOME"):
        return Path(explicit).absolute()
    state = os.environ.get("XDG_STATE_HOME") or home_of() / ".local" / "state"
    return Path(state).absolute() / "agentcore"


def fault(root: Path) -> str | None:
    """Why `root` can't be used, as the end of a sentence; None when it can, or is not there yet."""
    try:
        status = os.stat(root)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error.strerror
    if not stat.S_ISDIR(status.st_mode):
        return "not a folder"
    if not os.access(root, os.W_OK | os.X_OK):
        return "no permission to write there"
    if status.st_uid != os.geteuid():
        return f"it belongs to another user (uid {status.st_uid})"
    return _foreign(root, status.st_mode)


def _foreign(root: Path, mode: int) -> str | None:
    if (root / MARKER).exists():
        return None
    if mode & stat.S_IWOTH:
        return "everybody may write there, and agentcore did not make it"
    other = next((name for name in sorted(os.listdir(root)) if name not in _OURS), None)
    return f"it holds other things than agentcore's, such as {other}" if other else None


def make(root: Path) -> None:
    """Make the folder, or take an empty one of the user's: mode 0700, with the marker. Raises OSError.

    What `fault` finds is for the caller to look at before.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    root.chmod(0o700)
    marker = root / MARKER
    if not marker.exists():
        marker.write_text(_MARKER_TEXT)
