"""The output of a container without a terminal: frames of stdout and stderr in one stream (Engine API, attach)."""

from __future__ import annotations

import struct
from typing import Final

STDOUT: Final = 1
STDERR: Final = 2
_HEADER: Final = struct.Struct(">BxxxI")  # which stream, and the payload's length in bytes


class StreamFrames:
    """Takes the stream in pieces of any size."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The frames that are whole by now: which stream, and what was written to it."""
        self._pending += data
        frames = []
        while len(self._pending) >= _HEADER.size:
            stream, length = _HEADER.unpack_from(self._pending)
            end = _HEADER.size + length
            if len(self._pending) < end:
                break
            frames.append((stream, bytes(self._pending[_HEADER.size : end])))
            del self._pending[:end]
        return frames
