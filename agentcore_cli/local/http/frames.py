"""How many frames one side of a WebSocket may send: in a second, and as pieces of one message.

Each costs time and memory beyond what it holds, and it may hold nothing. What arrives is therefore taken in by small
pieces, so that a flood is seen long before all of what came with one read has been looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from websockets.frames import Frame, Opcode

from agentcore_cli.contract import FRAMES_PER_SECOND

PIECES_MAX: Final = 4096  # of one message: one of 100 MB has 1,526 when its frames are full
AGENT_FRAMES_PER_SECOND: Final = 10_000  # the service tells a limit for callers alone
_AT_ONCE: Final = 8192  # bytes
_OF_MESSAGES: Final = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class FrameLimits:
    """Counts the frames of one side. `time` is in seconds."""

    def __init__(self, time: Callable[[], float], per_second: int = FRAMES_PER_SECOND) -> None:
        self._time = time
        self._per_second = per_second
        self._second = 0
        self._frames = 0
        self._pieces = 0

    def excess(self, frame: Frame) -> str:
        """Take one in; what it is too much of, or ""."""
        second = int(self._time())
        if second != self._second:
            self._second, self._frames = second, 0
        self._frames += 1
        if self._frames > self._per_second:
            return f"more than {self._per_second} frames in a second"
        if frame.opcode in _OF_MESSAGES:
            self._pieces = 0 if frame.fin else self._pieces + 1
            if self._pieces > PIECES_MAX:
                return f"more than {PIECES_MAX} frames in a message"
        return ""


def pieces(data: bytes) -> Iterator[bytes]:
    """What arrived, as it is to be taken in."""
    for at in range(0, len(data), _AT_ONCE):
        yield data[at : at + _AT_ONCE]
