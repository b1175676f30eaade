"""The session's log file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agentcore_cli.local.sandbox.worker.log import LINE_MAX, Log

STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "log", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def texts(path: Path) -> list[bytes]:
    """The records without their stamps; every one has a stamp."""
    lines = path.read_bytes().splitlines()
    assert all(STAMP.match(line) for line in lines)
    return [line[25:] for line in lines]


@pytest.mark.parametrize(
    ("written", "records"),
    [
        pytest.param([b"one\n"], [b"one"], id="line"),
        pytest.param([b"one\ntwo\n"], [b"one", b"two"], id="two-lines"),
        pytest.param([b"on", b"e\nt", b"wo\n"], [b"one", b"two"], id="pieces"),
        pytest.param([b"one"], [b"one"], id="no-end-of-line"),
        pytest.param([b"\n\n"], [b"", b""], id="empty-lines"),
        pytest.param([b"\xff\x00\n"], [b"\xff\x00"], id="any-bytes"),
        pytest.param([b"x" * LINE_MAX + b"y\n"], [b"x" * LINE_MAX, b"y"], id="long-line"),
        pytest.param([b"x" * LINE_MAX, b"y", b"z"], [b"x" * LINE_MAX, b"yz"], id="long-line-in-pieces"),
    ],
)
def test_each_line_becomes_a_record(written: list[bytes], records: list[bytes], file: int, tmp_path: Path) -> None:
    log = Log(file)
    for data in written:
        log.write(data)
    log.close()
    assert texts(tmp_path / "log") == records


def test_a_line_is_held_back_until_it_ends(file: int, tmp_path: Path) -> None:
    log = Log(file)
    log.write(b"one\ntw")
    assert texts(tmp_path / "log") == [b"one"]
    log.write(b"o\n")
    assert texts(tmp_path / "log") == [b"one", b"two"]


def test_beyond_the_cap_the_newest_records_stay(file: int, tmp_path: Path) -> None:
    log = Log(file, file_max=10_000)
    for number in range(1000):
        log.write(b"%04d %s\n" % (number, b"x" * 50))
        assert (tmp_path / "log").stat().st_size <= 10_000
    kept = [int(text[:4]) for text in texts(tmp_path / "log")]
    assert kept == list(range(kept[0], 1000))
    assert len(kept) > 50


def test_a_file_that_exists_is_continued(file: int, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"2026-11-22T00:00:00.000Z before\n")
    Log(file).write(b"after\n")
    assert texts(tmp_path / "log") == [b"before", b"after"]
