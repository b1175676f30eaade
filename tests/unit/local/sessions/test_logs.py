"""Where logs are, what their ends say, and which are removed."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path

from agentcore_cli.local.home import Home
from agentcore_cli.local.protocol import LogPiece
from agentcore_cli.local.sessions import logs


def stamped(seconds: float, text: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") + f" {text}\n"


def test_named_like_the_service_does(home: Home) -> None:
    path = logs.stream(home, "bot-0123456789", "DEFAULT").relative_to(home.logs).as_posix()
    assert re.fullmatch(
        r"aws/bedrock-agentcore/runtimes/bot-0123456789-DEFAULT/\d{4}/\d\d/\d\d/\[runtime-logs\] [0-9a-f-]{36}\.log",
        path,
    )


def test_the_tail_is_what_was_written_since(tmp_path: Path) -> None:
    log = tmp_path / "log"
    now = int(time.time())
    log.write_text("".join(stamped(now - 60 + number, f"line {number}") for number in range(60)))
    assert logs.tail(log, since=now - 3) == ["line 57", "line 58", "line 59"]
    assert len(logs.tail(log)) == logs.TAIL_LINES
    assert logs.tail(tmp_path / "none") == []


def test_the_oldest_go_and_the_living_stay(tmp_path: Path) -> None:
    for number in range(logs.KEPT_PER_GROUP + 5):
        path = tmp_path / f"{number}.log"
        path.touch()
        os.utime(path, (1_000_000_000 + number,) * 2 if number < 3 else None)
    logs.prune(tmp_path, alive={tmp_path / "0.log"})
    left = {path.name for path in tmp_path.iterdir()}
    assert "0.log" in left
    assert not {"1.log", "2.log"} & left
    assert len(left) == logs.KEPT_PER_GROUP + 1


def test_a_log_is_read_on_from_where_it_was(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes("one\nzwölf".encode()[:-4])  # in the middle of ö
    first = logs.piece(log, 0)
    assert (first.text, first.is_start) == ("one\nzw", False)
    log.write_bytes("one\nzwölf\n".encode())
    assert logs.piece(log, first.next) == LogPiece("ölf\n", 11)
    assert logs.piece(log, 11) == LogPiece("", 11)


def test_a_log_that_has_lost_its_older_half_is_read_anew(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("new\n")
    assert logs.piece(log, 100) == LogPiece("new\n", 4, is_start=True)
    assert logs.piece(tmp_path / "gone", 100) == LogPiece("", 0, is_start=True)


def test_a_log_is_read_from_its_end_at_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("first\nsecond\nthird\n")
    assert logs.piece(log, -8).text == "third\n"
    assert logs.piece(log, -6).text == "third\n"
    assert logs.piece(log, -13).text == "second\nthird\n"
    assert logs.piece(log, -1000).text == "first\nsecond\nthird\n"


def test_a_piece_of_a_log_is_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("é" * logs.PIECE_MAX)
    read, at = 0, 0
    while (piece := logs.piece(log, at)).text:
        assert len(piece.text.encode()) <= logs.PIECE_MAX
        read, at = read + len(piece.text), piece.next
    assert read == logs.PIECE_MAX
