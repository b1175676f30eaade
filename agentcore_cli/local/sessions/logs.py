"""Where session logs are, named like the service's log groups and streams; their ends, and their end."""

from __future__ import annotations

import codecs
import os
import time
import uuid
from collections.abc import Container
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from agentcore_cli.contract import log_group
from agentcore_cli.local.home import Home
from agentcore_cli.local.protocol import LogPiece

KEPT_PER_GROUP: Final = 500  # files
KEPT_SECONDS: Final = 30 * 86_400.0
TAIL_LINES: Final = 20
EXTRACTION: Final = "extraction"  # the kind of log that a project's own extraction of records has
PIECE_MAX: Final = 256 * 1024  # bytes of a log that are read at once
_TAIL_BYTES: Final = 64 * 1024
_STAMP: Final = len("2026-11-22T00:00:00.123Z")


def group(home: Home, runtime_id: str, endpoint: str) -> Path:
    """The folder of an endpoint's logs."""
    return home.logs / log_group(runtime_id, endpoint).lstrip("/")


def stream(home: Home, runtime_id: str, endpoint: str, kind: str = "runtime-logs") -> Path:
    """A new session's log file: `<group>/YYYY/MM/DD/[runtime-logs] <uuid>.log` (observability-get-started)."""
    day = datetime.now(UTC).strftime("%Y/%m/%d")
    return group(home, runtime_id, endpoint) / day / f"[{kind}] {uuid.uuid4()}.log"


def begin(log: Path, line: str) -> None:
    """A line of ours in a session's log, before the session is started."""
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(f"{stamp}Z {line}\n")


def tail(log: Path, since: float = 0.0) -> list[str]:
    """The last lines of a log, without their time stamps, that were written at or after `since` (epoch seconds)."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    earliest = datetime.fromtimestamp(since, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    recent = [line for line in lines if line[:_STAMP] >= earliest]
    return [line[_STAMP + 1 :] for line in recent[-TAIL_LINES:]]


def piece(log: Path, after: int) -> LogPiece:
    """What stands in a log from a byte on; of a negative one from so many bytes before its end, at whole lines."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            is_start = after < 0 or after > size  # it is shorter than it was: its older half went
            begin = max(0, size + after) if after < 0 else 0 if is_start else after
            file.seek(max(0, begin - 1) if after < 0 else begin)
            if after < 0 and begin:
                file.readline()
            begin = file.tell()
            data = file.read(PIECE_MAX)
    except FileNotFoundError:
        return LogPiece("", 0, is_start=after != 0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data)
    rest = decoder.getstate()[0]  # the beginning of a character that is not whole yet
    return LogPiece(text, begin + len(data) - len(rest), is_start)


def prune(folder: Path, alive: Container[Path]) -> None:
    """Remove the oldest logs of a group; those of living sessions stay."""
    files = sorted(((path.stat().st_mtime, path) for path in folder.rglob("*.log")), reverse=True)
    too_old = time.time() - KEPT_SECONDS
    for position, (modified, path) in enumerate(files):
        if (position >= KEPT_PER_GROUP or modified < too_old) and path not in alive:
            path.unlink(missing_ok=True)
