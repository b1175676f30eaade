"""Whether this machine runs arm64 programs that it is not made for: the kernel's binfmt_misc handlers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HANDLERS: Final = Path("/proc/sys/fs/binfmt_misc")
_AARCH64: Final = "magic 7f454c460201010000000000000000000200b700"  # the head of an arm64 ELF file


def runs_arm64(handlers: Path = _HANDLERS) -> bool | None:
    """None when it can't be told, since the kernel's list of handlers is not mounted here."""
    if not (handlers / "status").exists():
        return None
    if (handlers / "status").read_text().strip() == "disabled":
        return False
    entries = [path.read_text() for path in handlers.iterdir() if path.name not in ("status", "register")]
    return any(entry.startswith("enabled") and _AARCH64 in entry for entry in entries)
