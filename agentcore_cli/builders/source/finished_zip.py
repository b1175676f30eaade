"""A zip that was packed, and is kept under a name that says what is in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from agentcore_cli import files


@dataclass(frozen=True, slots=True)
class FinishedZip:
    """`digest` is `sha256:…` of its bytes, `zipped` their number; `size` is what is in it, unpacked."""

    path: Path
    digest: str
    zipped: int
    size: int

    def save(self, file: Path) -> None:
        """Write it to `file` as well, whole or not at all."""
        with files.replaced(file) as out, self.path.open("rb") as packed:
            shutil.copyfileobj(packed, out)


def find(path: Path) -> FinishedZip | None:
    """The zip of this name, if it is there."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            with zipfile.ZipFile(file) as archive:
                size = sum(item.file_size for item in archive.infolist())
    except (OSError, zipfile.BadZipFile):
        return None
    os.utime(path)
    return FinishedZip(path, f"sha256:{digest}", path.stat().st_size, size)
