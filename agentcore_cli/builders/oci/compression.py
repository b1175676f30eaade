"""gzip with one result for one input, on every machine.

zlib's output is its version's, and each system and Python has another. The library `deflate` is required in one exact
version and holds its own compressor, whose result does not depend on the processor. It takes whole buffers, so a stream
becomes a row of gzip members, as in eStargz layers: every reader of gzip takes them for one file (RFC 1952, 2.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

MEMBER: Final = 1024 * 1024  # bytes of input; smaller ones compress worse, larger ones take memory
_LEVEL: Final = 6


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The stream, compressed. No file name and no time is in it; `pieces` may be cut anyhow."""
    for block in _blocks(pieces):
        yield _member(block)


def _member(block: bytes) -> bytes:
    import deflate

    return bytes(deflate.gzip_compress(block, _LEVEL))


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The stream in blocks of MEMBER bytes; at least one."""
    waiting, emitted = bytearray(), False
    for piece in pieces:
        waiting += piece
        while len(waiting) >= MEMBER:
            yield bytes(waiting[:MEMBER])
            del waiting[:MEMBER]
            emitted = True
    if waiting or not emitted:
        yield bytes(waiting)
