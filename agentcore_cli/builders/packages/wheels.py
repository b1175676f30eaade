"""What an installer leaves in a folder of packages, made fit for an image."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agentcore_cli.builders.packages.redaction import redact

_OF_THE_INSTALLER: Final = ("uv_build.json", "uv_cache.json")
# the first form is for paths that are long or have blanks
_INTERPRETER: Final = re.compile(rb"#!(?:/bin/sh\n'''exec' [^\n]*\n' '''|[^\n]*python[^\n]*)\n")
_ANY_PYTHON: Final = b"#!/usr/bin/env python3\n"


def clean(folder: Path) -> None:
    """Take out this machine's paths and the credentials of the places where packages came from."""
    (folder / ".lock").unlink(missing_ok=True)
    for info in folder.glob("*.dist-info"):
        for name in _OF_THE_INSTALLER:
            (info / name).unlink(missing_ok=True)
    forget_credentials(folder)
    _record_anew(folder, [script for script in (folder / "bin").glob("*") if _set_interpreter(script)])


def forget_credentials(folder: Path) -> None:
    """Take the users and passwords out of the addresses that packages came from (PEP 610)."""
    for file in folder.glob("*.dist-info/direct_url.json"):
        _redact(file)


def owner(folder: Path, path: Path) -> Path:
    """The `.dist-info` folder of the distribution that installed a file, by its RECORD; the file when there is none."""
    name = path.relative_to(folder).as_posix()
    for record in sorted(folder.glob("*.dist-info/RECORD")):
        with record.open(newline="", encoding="utf-8") as file:
            if any(row and row[0] == name for row in csv.reader(file)):
                return record.parent
    return path


def is_for_any_platform(info: Path) -> bool:
    """Whether a distribution's wheel says that it runs everywhere (its `Tag`, PEP 425)."""
    wheel = info / "WHEEL"
    tags = [line for line in wheel.read_text().splitlines() if line.startswith("Tag:")] if wheel.exists() else []
    return any(tag.endswith("-any") for tag in tags)


def _redact(file: Path) -> None:
    if (cleaned := redact(text := file.read_text())) != text:
        _replace(file, cleaned.encode())


def _set_interpreter(script: Path) -> bool:
    """Let any machine's Python run it; whether it was changed."""
    if not script.is_file() or not (first := _INTERPRETER.match(content := script.read_bytes())):
        return False
    _replace(script, _ANY_PYTHON + content[first.end() :])
    return True


def _record_anew(folder: Path, changed: list[Path]) -> None:
    """Write the hash and size of changed files into the RECORDs (PEP 376): those of before tell this machine's paths
    apart from another's."""
    names = {path.relative_to(folder).as_posix(): path for path in changed}
    for record in folder.glob("*.dist-info/RECORD") if names else ():
        with record.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        if not any(row and row[0] in names for row in rows):
            continue
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(_row(row, names) for row in rows if row)
        _replace(record, text.getvalue().encode())


def _row(row: list[str], changed: Mapping[str, Path]) -> list[str]:
    if row[0] not in changed:
        return row
    content = changed[row[0]].read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return [row[0], f"sha256={digest}", str(len(content))]


def _replace(file: Path, content: bytes) -> None:
    """Write a new file of the same mode: the old one may be a link into uv's cache."""
    mode = file.stat().st_mode
    file.unlink()
    file.write_bytes(content)
    file.chmod(mode)
