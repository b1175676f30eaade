from __future__ import annotations

import struct

import pytest

from agentcore_cli.local.containers.frames import STDERR, STDOUT, StreamFrames

STREAM = struct.pack(">BxxxI", 1, 5) + b"hello" + struct.pack(">BxxxI", 2, 0) + struct.pack(">BxxxI", 2, 2) + b"no"


@pytest.mark.parametrize("size", [1, 3, 8, len(STREAM)])
def test_frames_come_out_whole_from_pieces_of_any_size(size: int) -> None:
    frames = StreamFrames()
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [frame for piece in pieces for frame in frames.feed(piece)] == [
        (STDOUT, b"hello"),
        (STDERR, b""),
        (STDERR, b"no"),
    ]
