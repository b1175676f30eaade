"""gzip that is the same everywhere. The digests are written down: a library that makes other bytes is found out."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator

import pytest

from agentcore_cli.builders.oci.compression import MEMBER, gzipped


def text(size: int) -> bytes:
    return b"".join(hashlib.sha256(str(number).encode()).hexdigest().encode() for number in range(size // 64))


def cut(content: bytes, size: int) -> Iterator[bytes]:
    yield from (content[at : at + size] for at in range(0, len(content), size))


@pytest.mark.parametrize("size", [0, 64, MEMBER, MEMBER + 64, 3 * MEMBER])
def test_it_is_gzip(size: int) -> None:
    assert gzip.decompress(b"".join(gzipped([text(size)]))) == text(size)


def test_how_the_stream_comes_makes_no_difference() -> None:
    whole = b"".join(gzipped([text(2 * MEMBER + 640)]))
    assert b"".join(gzipped(cut(text(2 * MEMBER + 640), 1000))) == whole


def test_no_time_no_name_no_system_is_in_it() -> None:
    assert b"".join(gzipped([b"x"]))[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


def test_the_bytes_are_those_of_every_other_machine() -> None:
    made = b"".join(gzipped([text(2 * MEMBER)]))
    assert hashlib.sha256(made).hexdigest() == "42a01935f4a222025f7bdee2a33ebb3dabee3b3b33b73aecfb412f6aa5f4911b"
